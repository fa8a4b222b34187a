"""`urlparse` and its like, `html.unescape`, `calendar.monthrange`, `namedtuple` and `type(value).__name__`."""

import calendar
import html
import urllib.parse
from collections import namedtuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.language import compile_source
from sandbox.language.run.standard_library import addresses_offered, calendar_offered
from sandbox.language.run.values.named_tuples import named_tuple

COMMON = settings(deadline=None, max_examples=150, derandomize=True)
ADDRESSES = st.text(alphabet="ahtps:/?#[]@.;=&%1 \t\\é", max_size=30)


def outcome(function, *args):
    try:
        return function(*args)
    except ValueError:
        return "ValueError"


@COMMON
@given(ADDRESSES, ADDRESSES)
def test_addresses_are_read_and_joined_as_by_python(one, other):
    assert outcome(addresses_offered.urlsplit, one) == outcome(urllib.parse.urlsplit, one)
    assert outcome(addresses_offered.urlparse, one) == outcome(urllib.parse.urlparse, one)
    assert outcome(addresses_offered.urljoin, one, other) == outcome(urllib.parse.urljoin, one, other)


@COMMON
@given(st.text(alphabet="&#x;amplt1fF g", max_size=20))
def test_entities_are_those_of_python(text):
    assert addresses_offered.unescape(text) == html.unescape(text)


def test_months_are_those_of_python():
    for year in (1, 1900, 2000, 2024, 2026, 9999):
        assert calendar_offered.isleap(year) == calendar.isleap(year)
        for month in range(1, 13):
            assert calendar_offered.monthrange(year, month) == calendar.monthrange(year, month)


@COMMON
@given(st.lists(st.integers(), max_size=4), st.dictionaries(st.sampled_from("abcx"), st.integers(), max_size=3))
def test_named_tuples_take_the_values_that_pythons_take(values, named):
    for defaults in ((), (7,), (7, 8, 9)):
        python = namedtuple("Row", "a b c", defaults=defaults)  # noqa: PYI024 - what ours is compared with
        ours = named_tuple("Row", "a b c", defaults=defaults)
        results = []
        for make in (python, ours):
            try:
                made = make(*values, **named)
                results.append((tuple(made), repr(made), made == tuple(made), hash(made) == hash(tuple(made))))
            except TypeError:
                results.append("TypeError")
        assert results[0] == results[1]


EXPRESSIONS = {
    "the host of an address": (
        "[p.hostname, p.port, p.path, p.query, p.scheme, p[1], len(p)]",
        "from urllib.parse import urlparse",
        "p = urlparse('https://a.example:8443/b?c=d')",
        "['a.example', 8443, '/b', 'c=d', 'https', 'a.example:8443', 6]",
    ),
    "the parts of an address": (
        "[scheme, path, p.geturl(), p == urlsplit('https://a.example/b')]",
        "from urllib.parse import urlsplit",
        "p = urlsplit('https://a.example/b')\nscheme, _, path, *_rest = p",
        "['https', '/b', 'https://a.example/b', True]",
    ),
    "the text of an address's parts": (
        "str(urlsplit('a'))",
        "from urllib.parse import urlsplit",
        "",
        "SplitResult(scheme='', netloc='', path='a', query='', fragment='')",
    ),
    "joined addresses": (
        "urljoin('https://a.example/b/c', '../d')",
        "from urllib.parse import urljoin",
        "",
        "https://a.example/d",
    ),
    "entities": ("html.unescape('a &amp; b &eacute;&#33;')", "import html", "", "a & b é!"),
    "a month": ("calendar.monthrange(2026, 2)", "import calendar", "", "(6, 28)"),
    "a named tuple": (
        "[r, r.name, r[1], r == ('a', 1), len(r), [*r], r.price + 1]",
        "from collections import namedtuple\nRow = namedtuple('Row', 'name price', defaults=[1])",
        "r = Row('a')",
        "[Row(name='a', price=1), 'a', 1, True, 2, ['a', 1], 2]",
    ),
    "named tuples at module level": (
        "[ROOMS[0].seats, sorted(ROOMS)[0].name, max(ROOMS, key=lambda r: r.seats).name]",
        "from collections import namedtuple\nRoom = namedtuple('Room', ['name', 'seats'])\nROOMS = [Room('B', 2), Room(name='A', seats=5)]",
        "",
        "[2, 'A', 'A']",
    ),
    "a named tuple in a loop and as a key": (
        "[x, {r: 1}[r], sorted({r, R(0, 1)})]",
        "from collections import namedtuple\nR = namedtuple('R', 'a b')",
        "r = R(1, 2)\nx = 0\nfor a, b in [r]:\n    x += a + b",
        "[3, 1, [R(a=0, b=1), R(a=1, b=2)]]",
    ),
    "its type in isinstance": (
        "[isinstance(r, R), isinstance(r, S), isinstance(1, (R, int)), isinstance(r, tuple)]",
        "from collections import namedtuple\nR = namedtuple('R', 'a')\nS = namedtuple('S', 'a')",
        "r = R(1)",
        "[True, False, True, True]",
    ),
    "fields named like methods": (
        "[r.count, r.index, r.email]",
        "from collections import namedtuple\nR = namedtuple('R', 'count index email')",
        "r = R(1, 2, 'x')",
        "[1, 2, 'x']",
    ),
    "a named tuple in json and in a template": (
        "json.dumps(r) + '%s-%s' % r",
        "import json\nfrom collections import namedtuple\nR = namedtuple('R', 'a b')",
        "r = R(1, 'x')",
        '[1, "x"]1-x',
    ),
    "a named tuple with what has no text": (
        "r",
        "from collections import namedtuple\nR = namedtuple('R', 'a b')",
        "r = R(len, [lambda: 1])",
        "R(a=<builtin_function_or_method>, b=[<function <lambda>>])",
    ),
    "the name of an error's type": (
        "x",
        "",
        "try:\n    int('a')\nexcept Exception as e:\n    x = type(e).__name__",
        "ValueError",
    ),
    "the name of an ApiError": (
        "x",
        "",
        "try:\n    raise ApiError('a')\nexcept Exception as e:\n    x = type(e).__name__.lower()",
        "apierror",
    ),
    "the names of other types": (
        "[type(v).__name__ for v in (1, 'a', None, [], user, user.attributes, user.attributes['tags'], len, str, ValueError, api.now(), message('a'))]",
        "",
        "",
        "['int', 'str', 'NoneType', 'list', 'user', 'dict', 'list', 'function', 'type', 'type', 'datetime', 'message']",
    ),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_it_is_offered(name, say):
    expression, before, inside, text = EXPRESSIONS[name]
    assert say(expression, before=before, inside=inside) == text


@pytest.mark.parametrize(
    ("steps", "rule"),
    [
        ("x = type(user)", "withheld-name"),
        ("x = type(user).__class__", "underscore-attribute"),
        ("x = type(user).__name__.__class__", "underscore-attribute"),
        ("x = type('X', (), {}).__name__", "underscore-attribute"),
        ("x = type(*[user]).__name__", "underscore-attribute"),
        ("x = type(object=1).__name__", "underscore-attribute"),
        ("type = len\n    x = type('a').__name__", "underscore-attribute"),
        ("t = type\n    x = t(1).__name__", "withheld-name"),
        ("type(user).__name__ = 'x'", "attribute-assign"),
        ("del type(user).__name__", "attribute-assign"),
        ("from collections import namedtuple\n    R = namedtuple('R', user.id)", "record-fields"),
        ("from collections import namedtuple\n    R = namedtuple('R', ['a', user.id])", "record-fields"),
        (
            "from collections import namedtuple\n    R = namedtuple('R', 'a')\n    x = R(1)._replace(a=2)",
            "underscore-attribute",
        ),
        (
            "from collections import namedtuple\n    R = namedtuple('R', 'a')\n    x = R._make([1])",
            "underscore-attribute",
        ),
        (
            "from collections import namedtuple\n    R = namedtuple('R', 'a')\n    x = R(1)._fields",
            "underscore-attribute",
        ),
        (
            "from collections import namedtuple\n    R = namedtuple('R', '__class__')\n    x = R(1).__class__",
            "underscore-attribute",
        ),
        ("from collections import namedtuple\n    R = namedtuple('R', 'a')\n    R(1).a = 2", "attribute-assign"),
        ("x = user.nowhere", "unknown-field"),
        ("import html\n    x = html.parser", "import-name"),
        ("import calendar\n    x = calendar.setfirstweekday(1)", "import-name"),
        ("from urllib.parse import urllib", "import-name"),
        ("from urllib import request", "import-name"),
    ],
)
def test_the_rest_is_refused(steps, rule):
    compilation = compile_source(f"def status(user, session, api):\n    {steps}\n    return hidden()\n")
    assert compilation.code is None
    assert rule in {one.rule for one in compilation.findings}


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("e.__class__.__name__", "type(value).__name__"),
        ("e._asdict()", "Name the fields"),
        ("e._replace(a=1)", "Call the type again"),
        ("e._other", "public methods"),
    ],
)
def test_private_names_that_authors_know_are_told_with_what_to_write(expression, words):
    source = f"def status(user, session, api):\n    e = user.id\n    return message(str({expression}))\n"
    assert any(words in one.instead for one in compile_source(source).findings)


@pytest.mark.parametrize(
    ("expression", "error"),
    [
        ("urlsplit(user)", TypeError),
        ("urlsplit(b'a')", TypeError),
        ("urlsplit('a' * 9000)", ValueError),
        ("urlsplit('https://[')", ValueError),
        ("urlsplit('https://a:99999').port", ValueError),
        ("urljoin('a', None)", TypeError),
        ("urlparse(['a'])", TypeError),
        ("unescape(None)", TypeError),
        ("unescape(n for n in 'a')", TypeError),
        ("monthrange(2026, 13)", ValueError),
        ("monthrange(0, 1)", ValueError),
        ("monthrange(2026, True)", TypeError),
        ("monthrange(2026.0, 1)", TypeError),
        ("namedtuple('R', 'a a')", ValueError),
        ("namedtuple('R', 'class')", ValueError),
        ("namedtuple('R', '_a')", ValueError),
        ("namedtuple('R S', 'a')", ValueError),
        ("namedtuple('R', ['a', 'b c'])", ValueError),
        ("namedtuple(1, 'a')", ValueError),
        ("namedtuple('R', 'a', defaults=[1, 2])", TypeError),
        ("namedtuple('R', 'a', defaults=5)", TypeError),
        ("namedtuple('R', 'a')(1, 2)", TypeError),
        ("namedtuple('R', 'a')(b=1)", TypeError),
        ("namedtuple('R', 'a')()", TypeError),
        ("namedtuple('R', 'a')(1)['a']", TypeError),
        ("namedtuple('R', 'a')(1)[5]", IndexError),
        ("isinstance(1, (1,))", TypeError),
    ],
)
def test_wrong_values_are_pythons_errors(expression, error, run):
    imports = "from calendar import monthrange\nfrom collections import namedtuple\nfrom html import unescape\nfrom urllib.parse import urljoin, urlparse, urlsplit\n"
    with pytest.raises(error):
        run(f"{imports}def status(user, session, api):\n    x = {expression}\n    return hidden()\n")


def test_items_of_a_named_tuple_cannot_be_changed(run):
    source = "from collections import namedtuple\nR = namedtuple('R', 'a')\ndef status(user, session, api):\n    r = R(1)\n    r[0] = 2\n    return hidden()\n"
    with pytest.raises(TypeError):
        run(source)
