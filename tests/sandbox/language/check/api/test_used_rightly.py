"""Right uses of the API that look wrong at first: templates as paths, names tested for None, tests that cover every case."""

import pytest

from sandbox.language import compile_source

BODIES = {
    "ValueError around what is taken apart": (
        'try:\n    state, seat = api.get("lms", "/a").json()\nexcept ValueError:\n    return hidden()\n'
        "return message(str(state) + str(seat))"
    ),
    "a template whose beginning is a name": 'prefix = "/" + user.id\nreturn message(api.get("lms", "%s/items" % prefix).text)',
    "a template whose path begins with a slash": 'return message(api.get("lms", "/%s/items" % user.id).text)',
    "text and a name that only calls with None leave out": (
        "def joined(text, suffix=None):\n"
        "    if suffix:\n"
        "        return text + suffix\n"
        "    return text\n"
        "return message(joined(user.id))"
    ),
    "a message of a name that is tested for None": (
        "def shown(text=None):\n    if text:\n        return message(text)\n    return hidden()\nreturn shown()"
    ),
    "a percent sign before a z in a template of strptime": (
        "from datetime import datetime\n"
        'made = datetime.strptime("2026%z", "%Y%%z")\n'
        "return message(str(made < datetime(2026, 5, 4)))"
    ),
    "a comparison and its opposite": (
        'if api.now() < session.ends_at:\n    return message("a")\nelif api.now() >= session.ends_at:\n    return message("b")'
    ),
    "the opposite from the other side": (
        'if api.now() < session.ends_at:\n    return message("a")\nelif session.ends_at <= api.now():\n    return message("b")'
    ),
    "three ways": (
        "n = len(user.id)\n"
        'if n < 3:\n    return message("a")\nelif n == 3:\n    return message("b")\nelif 3 < n:\n    return message("c")'
    ),
    "a truth value and its opposite": (
        'if user.badge_id:\n    return message("a")\nelif not user.badge_id:\n    return message("b")'
    ),
    "None and not None": (
        "if session.credits is None:\n    return hidden()\n"
        'elif user.id == "x":\n    return message("x")\n'
        'elif session.credits is not None:\n    return message("b")'
    ),
    "in and not in": (
        'if "a" in user.attributes:\n    return message("a")\nelif "a" not in user.attributes:\n    return message("b")'
    ),
    "a value whose kind a match tests": (
        "def shown(value):\n"
        "    match value:\n"
        "        case {'text': text}:\n"
        "            return message(text)\n"
        "        case [*_]:\n"
        "            return message(str(len(value)))\n"
        "        case _:\n"
        "            return message(value.strip())\n"
        "return shown(user.id) if user.id else shown([1])"
    ),
    "a match that returns in every case": (
        "match user.id:\n    case 'a':\n        return message('a')\n    case other:\n        return message(other)"
    ),
    "not of a comparison": (
        'if user.id != "x":\n    return message("a")\nelif not user.id != "x":\n    return message("b")'
    ),
}

#: These may end without a message.
OPEN = {
    "two ways of three": 'n = len(user.id)\nif n < 3:\n    return message("a")\nelif n > 3:\n    return message("b")',
    "another value": 'if user.id == "a":\n    return message("a")\nelif user.username != "a":\n    return message("b")',
    "a branch without return": 'if user.id:\n    return message("a")\nelif not user.id:\n    api.log("b")',
    "a chain of comparisons": "if 1 < len(user.id) < 3:\n    return hidden()\nelif len(user.id) >= 3:\n    return hidden()",
    "the same test twice": "if user.id:\n    return hidden()\nelif user.id:\n    return hidden()",
}


def findings(body):
    steps = "".join(f"    {line}\n" for line in body.splitlines())
    return [(one.rule, one.line) for one in compile_source(f"def status(user, session, api):\n{steps}").findings]


@pytest.mark.parametrize("name", BODIES)
def test_it_has_no_finding(name):
    assert findings(BODIES[name]) == []


@pytest.mark.parametrize("name", OPEN)
def test_a_status_that_may_end_without_a_message_is_still_told(name):
    assert [rule for rule, _ in findings(OPEN[name])] == ["no-return"]


def test_a_template_whose_text_shows_that_the_path_is_wrong_is_still_told():
    assert findings('return message(api.get("lms", "items/%s" % user.id).text)') == [("api-path", 2)]
    assert findings('return message(api.get("lms", "https://a.example/%s" % user.id).text)') == [("api-address", 2)]


def test_a_function_that_a_match_takes_apart_is_told():
    assert findings('match api.get("lms", "/a").json:\n    case _:\n        return hidden()') == [("not-called", 2)]


def test_none_itself_is_still_told():
    assert findings('return message("a" + None)') == [("text-plus", 2)]
    assert findings("return message(None)") == [("api-type", 2)]


def test_a_template_of_strptime_with_a_zone_is_still_one():
    body = (
        "from datetime import datetime\n"
        'made = datetime.strptime("2026%+0000", "%Y%%%z")\n'
        "return message(str(made < datetime(2026, 5, 4)))"
    )
    assert findings(body) == [("naive-compared", 4)]
