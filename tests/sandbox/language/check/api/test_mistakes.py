"""Mistakes with the script API: each has one finding, at its own place, which says what to write instead."""

from __future__ import annotations

import pytest

from sandbox.language import compile_source
from sandbox.language.rules.api_rules import API

#: name -> the rule, what to write instead, and steps inside `status`, with « before the place of the finding.
MISTAKES = {
    # facts
    "facts as an object": ("dict-as-object", 'Write api.facts["claimed"]', "x = «api.facts.claimed"),
    "facts as a function": ("not-callable", 'Write api.facts["name"]', "x = «api.facts()"),
    "a moment of facts that may be missing": ("unknown-field", "Did you mean api.facts_at?", "x = «api.fact_at"),
    # calls
    "message(url=)": ("api-keyword", 'Write message("Go", link="https://a.example/")', 'return message("Go", «url="https://a.example/")'),
    "message(colour=)": ("api-keyword", 'Write message("Go", color="#006109")', 'return message("Go", «colour="#006109")'),
    "message(txt=)": ("api-keyword", 'Write message(text="Go")', 'return message(«txt="Go")'),
    "get(timeout=)": ("api-keyword", 'Write api.get("cvent", "/a", params={"x": 1})',
                      'x = api.get("cvent", "/a", «timeout=5, params={"x": 1})'),
    "get(auth=)": ("api-keyword", 'Write api.get("cvent", "/a")', 'x = api.get("cvent", "/a", «auth=("u", "p"))'),
    "get(json=)": ("api-keyword", 'Write api.post("cvent", "/a", json={"x": 1})', 'x = api.get("cvent", "/a", «json={"x": 1})'),
    "post(data=)": ("api-keyword", 'Write api.post("cvent", "/a", json={"x": 1})', 'x = api.post("cvent", "/a", «data={"x": 1})'),
    "post(header=)": ("api-keyword", 'Write api.post("cvent", "/a", headers={"x": "1"})',
                      'x = api.post("cvent", "/a", «header={"x": "1"})'),
    "log(end=)": ("api-keyword", 'Write api.log("a")', 'api.log("a", «end="")'),
    "an alias of a function": ("api-keyword", 'Write get("cvent", "/a")', 'get = api.get\nx = get("cvent", "/a", «verify=False)'),
    "an address alone": (
        "api-address",
        'Write api.get("connection", "/a.json", params={"uid": "1"}), with the name of the connection.',
        'x = api.get(«"https://cme.example.org/a.json?uid=1")',
    ),
    "an address as path": ("api-address", 'Write api.get("cvent", "/a"), with the name of the connection.',
                           'x = api.get("cvent", «"https://cme.example.org/a")'),
    "an address with a value": ("api-address", 'Write api.get("connection", f"/a/{user.id}"), with the name of the connection.',
                                'x = api.get(«f"https://cme.example.org/a/{user.id}")'),
    "an address that is joined": ("api-address", 'Write api.get("connection", "/a/" + user.id), with the name of the connection.',
                                  'x = api.get(«"https://cme.example.org/a/" + user.id)'),
    "an address in a name": ("api-address", 'Write api.get("connection", "/a"), with the name of the connection.',
                             'URL = "https://cme.example.org/a"\nx = api.get(«URL, timeout=3)'),
    "an address after a name": ("api-address", 'Write api.get("connection", f"/v2/a/{user.id}"), with the name of the connection.',
                                'BASE = "https://a.example/v2"\nx = api.get(«f"{BASE}/a/{user.id}")'),
    "an address and more": ("api-address", 'Write api.get("connection", "/v2" + "/a"), with the name of the connection.',
                            'BASE = "https://a.example/v2/"\nx = api.get(«BASE + "/a")'),
    "a host and more": ("api-address", 'Write api.get("cvent", "/a"), with the name of the connection.',
                        'BASE = "https://a.example"\nx = api.get("cvent", «BASE + "/a")'),
    "an address as connection": ("api-address", 'Write api.get("connection", "/a"), with the name of the connection.',
                                 'x = api.get(«"http://cme.example.org", "/a")'),
    "a path alone": ("api-arguments", 'Write for example api.get("connection", "/a")', 'x = «api.get("/a")'),
    "a connection alone": ("api-arguments", 'Write for example api.get("cvent", "/path")', 'x = «api.get("cvent")'),
    "a path without slash": ("api-path", 'Write "/a"', 'x = api.get("cvent", «"a")'),
    "an empty path": ("api-path", 'Write "/"', 'x = api.get("cvent", «"")'),
    "a computed path without slash": ("api-path", 'Write f"/a/{user.id}"', 'x = api.get("cvent", «f"a/{user.id}")'),
    "too many arguments": ("api-arguments", 'Write for example message("text", link="https://…", color="#006109")',
                           'return «message("a", None, None, True)'),
    "no text": ("api-arguments", 'Write for example message("text", link="https://…", color="#006109")', "return «message()"),
    "text twice": ("api-arguments", 'Write for example message("text", link="https://…", color="#006109")',
                   'return «message("a", text="b")'),
    "arguments of now": ("api-arguments", "Write for example api.now()", "x = «api.now(5)"),
    "a number as text": ("api-type", "Write str(3), or an f-string.", "return message(«3)"),
    "credits as text": ("api-type", "Write str(session.credits), or an f-string.", "return message(«session.credits)"),
    "a response as text": ("api-type", "Write x.text", 'x = api.get("cvent", "/a")\nreturn message(«x)'),
    "a function as text": ("api-type", "Write api.return_url()", 'return message("Go", link=«api.return_url)'),
    "params that are text": ("api-type", 'Write a dict: params={"name": value}', 'x = api.get("cvent", "/a", params=«"a=1")'),
    # fields
    "item of the user": ("field-as-item", "Write user.first_name", 'x = «user["first_name"]'),
    "item of the user's own": ("field-as-item", 'Write user.attributes["email"]', 'x = «user["email"]'),
    "get of the user": ("field-as-item", "Write user.last_name", 'x = «user.get("last_name")'),
    "get of the user's own": ("field-as-item", 'Write user.attributes.get("email", "")', 'x = «user.get("email", "")'),
    "get of a response": ("field-as-item", 'Write x.json().get("list")', 'x = api.get("c", "/a")\ny = «x.get("list")'),
    "item of a response": ("field-as-item", 'Write api.get("c", "/a").json()["list"]', 'x = «api.get("c", "/a")["list"]'),
    "item of the scans": ("field-as-item", "Write api.scans().minutes", 'x = «api.scans()["minutes"]'),
    "item of the api": ("field-as-item", 'Write api.settings["claim_url"]', 'x = «api["claim_url"]'),
    "in the user": ("field-as-item", "Write … in user.attributes", 'x = "email" in «user'),
    "session.name": ("unknown-field", "Write session.title", "x = «session.name"),
    "session.start": ("unknown-field", "Write session.starts_at", "x = «session.start"),
    "session.ends_on": ("unknown-field", "Did you mean session.ends_at?", "x = «session.ends_on"),
    "user.name": ("unknown-field", 'Write user.first_name + " " + user.last_name', "x = «user.name"),
    "user.shoe_size": ("unknown-field", 'Write user.attributes.get("shoe_size")', "x = «user.shoe_size"),
    "api.put": ("unknown-field", 'Write api.post("connection", "/path", json={…})', 'x = «api.put("c", "/a")'),
    "attributes with a dot": ("dict-as-object", 'Write session.attributes.get("kind")', "x = «session.attributes.kind"),
    "settings with a dot": ("dict-as-object", 'Write api.settings["claim_url"]', "x = «api.settings.claim_url"),
    "settings called": ("not-callable", 'Write api.settings["claim_url"]', 'x = «api.settings("claim_url")'),
    "a field that is called": ("not-callable", "Write x.ok without brackets after it.", 'x = api.get("c", "/a")\ny = «x.ok()'),
    "json without call": ("not-called", "Write x.json()", 'x = api.get("c", "/a")\ny = «x.json["list"]'),
    "json in a condition": ("not-called", "Write x.json()", 'x = api.get("c", "/a")\ny = 1 if «x.json else 2'),
    "now without call": ("not-called", "Write api.now()", "x = «api.now < session.ends_at"),
    "a method of a time": ("unknown-field", "Write session.ends_at.strftime", 'x = «session.ends_at.strftme("%H")'),
    # what status returns
    "returns None": ("return-value", "Write return hidden()", "«return None"),
    "returns nothing": ("return-value", "Write return hidden()", "«return"),
    "returns text": ("return-value", 'Write return message("Hello")', '«return "Hello"'),
    "returns a dict": ("return-value", 'Write return message("Go", link="https://a.example/")',
                       '«return {"link": "https://a.example/", "text": "Go"}'),
    "returns a tuple": ("return-value", 'Write return message("Go", "https://a.example/")', '«return "Go", "https://a.example/"'),
    "returns a function": ("return-value", "Write return hidden()", "«return hidden"),
    "a path without return": ("no-return", "", "«if user.id:\n    return hidden()\n!"),
    "a loop without return": ("no-return", "", "«for x in [1]:\n    return hidden()\n!"),
    "an else without return": ("no-return", "", "if user.id:\n    return hidden()\nelse:\n    «api.log('a')\n!"),
    "a handler without return": ("no-return", "", "try:\n    return hidden()\nexcept ApiError:\n    «api.log('a')\n!"),
    "a message that is dropped": ("message-unused", 'Write return message("Go")', '«message("Go")\n!'),
    # types
    "a type with brackets": ("type-brackets", "Write dict.", "x = «dict[str, list[str]]()"),
    "a type with brackets in isinstance": ("type-brackets", "Write list.", "x = isinstance(user.id, «list[str])"),
    "text and a number": ("text-plus", "Write str(api.scans().minutes), or an f-string.", 'x = "Attended " + «api.scans().minutes'),
    "text and days": ("text-plus", "Write str((session.ends_at - api.now()).days), or an f-string.",
                      'x = "In " + «(session.ends_at - api.now()).days'),
    "text and a Decimal": ("text-plus", "Write str(session.credits), or an f-string.", 'x = «session.credits + " CE"'),
    "a Decimal and a float": ("exact-and-float", 'Write Decimal("0.5")', "x = «session.credits * 0.5"),
    "a float and a Decimal": ("exact-and-float", 'Write Decimal("1.5")', 'from decimal import Decimal\nx = «1.5 - Decimal("1")'),
    "a Decimal and a computed float": ("exact-and-float", "Write Decimal(str(x))", "x = float(user.id)\ny = «session.credits / x"),
    "a duration and a Decimal": ("exact-and-float", "Write float(session.credits)",
                                 "x = «(session.ends_at - session.starts_at) * session.credits"),
    # links
    "an f-string for a link": ("link-scheme", 'Begin it with "https://".', 'return message("Go", link=«f"http://a.example/{user.id}")'),
    "a joined link after a constant": ("link-scheme", "", 'BASE = "HTTP://a.example"\nreturn message("Go", «BASE + "/x")'),
    "a link in a name": ("link-scheme", "", 'for x in [1]:\n    url = "www.a.example/"\nreturn message("Go", link=«url)'),
    "a link with a query": ("link-scheme", "", 'return message("Go", link=«with_query("ftp://a.example/", id=user.id))'),
    "a link by a template": ("link-scheme", "", 'return message("Go", link=«"http://a.example/%s" % user.id)'),
    "a time and text": ("cannot-compare", 'Write datetime.fromisoformat("2026-05-04"); the text must have a zone.',
                        'x = «session.starts_at < "2026-05-04"'),
    "text and a whole number": ("cannot-compare", "Write int(user.id)", "x = «user.id > 5"),
    "a duration and a number": ("cannot-compare", "Write (session.ends_at - api.now()).total_seconds()",
                                "x = «(session.ends_at - api.now()) > 60"),
    # errors
    "a kind that there is not": ("error-kind", 'Write "timeout"',
                                 "try:\n    x = 1\nexcept ApiError as e:\n    x = e.kind == «'timed out'"),
    "the code of an ApiError": ("unknown-field", "Write e.kind", "try:\n    x = 1\nexcept ApiError as e:\n    x = «e.code"),
}  # fmt: skip

#: The same for whole scripts.
SCRIPTS = {
    "now without zone": (
        "naive-compared",
        "Write api.now()",
        (
            "from datetime import datetime\n\ndef status(user, session, api):\n"
            '    return message("a") if «datetime.now() > session.ends_at else hidden()\n'
        ),
    ),
    "now without zone in a name": (
        "naive-compared",
        "Write api.now() where now gets its value, in line 4",
        (
            "import datetime as dt\n\ndef status(user, session, api):\n    now = dt.datetime.utcnow()\n"
            "    left = «session.ends_at - now\n    return message(str(left))\n"
        ),
    ),
    "now without zone in a helper": (
        "naive-compared",
        "Write api.now()",
        (
            "from datetime import datetime\n\ndef is_over(talk):\n    return «datetime.now() >= talk.ends_at\n\n"
            "def status(user, session, api):\n    return message('a') if is_over(session) else hidden()\n"
        ),
    ),
    "the later of two times": (
        "naive-compared",
        "Write api.now()",
        (
            "from datetime import datetime\n\ndef status(user, session, api):\n"
            "    return message(str(«max(session.ends_at, datetime.now())))\n"
        ),
    ),
    "a date that was read": (
        "naive-compared",
        'Give it its zone: due.replace(tzinfo=ZoneInfo("Europe/Paris"))',
        (
            "from datetime import datetime\n\ndef status(user, session, api):\n"
            '    due = datetime.strptime("2026-05-04", "%Y-%m-%d")\n    return message("a") if «due < api.now() else hidden()\n'
        ),
    ),
    "a date and a time": (
        "cannot-compare",
        "Write session.ends_at.date()",
        (
            "from datetime import date\n\ndef status(user, session, api):\n"
            "    return message('a') if «session.ends_at < date.today() else hidden()\n"
        ),
    ),
    "JSONDecodeError around .json()": (
        "json-error",
        'Write except ApiError as e: and, if it matters, test e.kind == "not json"',
        (
            "import json\n\ndef status(user, session, api):\n    try:\n        rows = api.get('c', '/a').json()\n"
            "    «except json.JSONDecodeError as e:\n        rows = []\n    return message(str(len(rows)))\n"
        ),
    ),
    "ValueError around .json()": (
        "json-error",
        'Write except ApiError as problem: and, if it matters, test problem.kind == "not json"',
        (
            "def status(user, session, api):\n    answer = api.get('c', '/a')\n    try:\n        rows = answer.json()\n"
            "    «except ValueError:\n        rows = []\n    return message(str(len(rows)))\n"
        ),
    ),
    "a type alias that is no alias": (
        "type-brackets",
        "Write dict.",
        "Row, = [«dict[str, str]]\n\ndef status(user, session, api):\n    return hidden()\n",
    ),
    "a helper that ends without message": (
        "may-return-nothing",
        "Let every path of credit return a message, or test the result before you return it.",
        (
            "def status(user, session, api):\n    «return credit(session)\n\ndef credit(session):\n    if session.credits:\n"
            "        return message('a')\n"
        ),
    ),
    "a helper that returns text": (
        "return-value",
        "Write return message(credit(session))",
        "def status(user, session, api):\n    «return credit(session)\n\ndef credit(session):\n    return 'a' + session.id\n",
    ),
    "arguments under other names": (
        "unknown-field",
        "Write talk.title",
        "def status(user, session, api):\n    return message(name(talk=session))\n\ndef name(talk):\n    return «talk.name\n",
    ),
    "a call in a helper": (
        "api-keyword",
        "Write tools.get(name, path)",
        (
            "def fetch(tools, name, path):\n    return tools.get(name, path, «timeout=3).json()\n\n"
            "def status(user, session, api):\n    return message(str(fetch(api, 'c', '/a')))\n"
        ),
    ),
}


_STATUS = "def status(user, session, api):\n    return hidden()\n\n"
SCRIPTS |= {
    "prepare that returns a message": (
        "prepare-return",
        'Write for example return {"the id of a user": {"credits": 1}}',
        f"{_STATUS}def prepare(session, api):\n    «return message('a')\n",
    ),
    "prepare that returns a list of pairs": (
        "prepare-return",
        "",
        f"{_STATUS}def prepare(session, api):\n    «return [('u1', {{}})]\n",
    ),
    "prepare that can end without facts": (
        "prepare-no-return",
        "Write return {} at the end of this path if nothing is known.",
        f"{_STATUS}def prepare(session, api):\n    «if session.ends_at:\n        return {{}}\n",
    ),
    "prepare that asks for a user": (
        "prepare-user",
        "Return facts by user id; status(user, session, api) gets those of its user as api.facts.",
        f"{_STATUS}def prepare(session, api):\n    return {{«user.id: {{}}}}\n",
    ),
    "prepare that asks for scans": (
        "unknown-field",
        "",
        f"{_STATUS}def prepare(session, api):\n    return {{'u': {{'in': «api.scans()}}}}\n",
    ),
    "prepare that asks for the address to return to": (
        "unknown-field",
        "",
        f"{_STATUS}def prepare(session, api):\n    return {{'u': {{'to': «api.return_url()}}}}\n",
    ),
}


def script(steps):
    if steps.endswith("!"):
        return "def status(user, session, api):\n" + indented(steps.removesuffix("!"))
    end = "" if steps.rpartition("\n")[2].lstrip("«").startswith("return") else "return hidden()\n"
    return "def status(user, session, api):\n" + indented(steps + "\n" + end)


def indented(steps):
    return "".join(f"    {line}\n" for line in steps.splitlines())


def has_one_finding(source, rule, instead):
    before, _, after = source.partition("«")
    place = (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)
    found = compile_source(before + after).findings
    assert [(one.rule, one.line, one.column) for one in found] == [(rule, *place)], found
    assert found[0].what
    assert found[0].why
    assert found[0].instead == instead or (not instead and found[0].instead)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_has_one_finding_that_says_what_to_write(name):
    rule, instead, steps = MISTAKES[name]
    has_one_finding(script(steps), rule, instead)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_mistake_in_a_whole_script_has_one_finding_that_says_what_to_write(name):
    rule, instead, source = SCRIPTS[name]
    has_one_finding(source, rule, instead)


def test_every_rule_of_the_script_api_is_among_the_mistakes():
    assert {rule for rule, _, _ in [*MISTAKES.values(), *SCRIPTS.values()]} == set(API)


@pytest.mark.parametrize("wanted", ["title", "first_name"])
def test_a_corrected_expression_can_be_pasted(wanted):
    found = compile_source(script(f"x = user['{wanted}']")).findings[0]
    assert compile_source(script("x = " + found.instead.removeprefix("Write "))).findings == ()


#: name -> what to write instead of an attribute that no value has, and a whole script
ATTRIBUTES = {
    "a field in camel case, of a value whose kind is not known": (
        'Did you mean first_name? To read a key of data, write data["firstName"].',
        "def status(user, session, api):\n    for who in {1: user}.values():\n        api.log(«who.firstName)\n    return hidden()\n",
    ),
    "hours of a duration": (
        "Write duration.total_seconds() / 3600.",
        "def status(user, session, api):\n    return message(str(«(session.ends_at - api.now()).total_hours()))\n",
    ),
}


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_an_attribute_that_no_value_has_is_answered_with_the_one_that_was_meant(name):
    instead, source = ATTRIBUTES[name]
    has_one_finding(source, "attribute", instead)
