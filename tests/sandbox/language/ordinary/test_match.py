"""`match` does what Python's own does, for literals, names, sequences and mappings; what it refuses is shown as `if`."""

import pytest

from sandbox.language import compile_source, execute_traced, instrument
from sandbox.language.tracing import Recorder
from tests.sandbox.language.conftest import SCRIPT_INPUT

PATTERNS = [
    "1",
    "-1",
    "2.5",
    "'a'",
    "b'a'",
    "None",
    "True",
    "_",
    "x",
    "1 | 2 | 'a'",
    "None | False",
    "[]",
    "()",
    "[x]",
    "[1, x]",
    "(1, 'a')",
    "[x, *y]",
    "[*x, 3]",
    "[1, *_, 3]",
    "[x, [y, *z]]",
    "{}",
    "{'a': 1}",
    "{'a': x}",
    "{'a': x, **y}",
    "{'a': {'b': [x, _]}}",
    "{1: x}",
    "{-1: x}",
    "{None: x, 'a': y}",
    "[1 | 2, {'a': x}]",
    "[1, 2] as x",
    "(1 | 2) as x",
    "[x, y] if x == y",
    "x if x",
    "{'a': x} if x > 0",
]
SUBJECTS = [
    "0",
    "1",
    "-1",
    "2.5",
    "True",
    "False",
    "None",
    "'a'",
    "'ab'",
    "b'a'",
    "[]",
    "()",
    "[1]",
    "[1, 'a']",
    "(1, 'a')",
    "[1, 2]",
    "[1, 1]",
    "[1, 2, 3]",
    "[1, [2, 3, 4]]",
    "range(3)",
    "deque([1, 2, 3])",
    "{}",
    "{'a': 1}",
    "{'a': 0, 'b': 2}",
    "{'a': {'b': [5, 6]}}",
    "{1: 2, -1: 3}",
    "{None: 1, 'a': 2}",
    "[2, {'a': 7}]",
    "Counter('a')",
    "OrderedDict(a=1)",
    "defaultdict(list)",
    "{1, 2}",
    "datetime(2026, 1, 2)",
    "len",
]
IMPORTS = "from collections import Counter, OrderedDict, defaultdict, deque\nfrom datetime import datetime\n"


def statement(pattern):
    return (
        "x = y = z = 'unset'\n"
        f"match value:\n    case {pattern}:\n        return ['yes', x, y, z]\n"
        "return ['no', x, y, z]"
    )


def script(body, values):
    steps = "".join(f"    {line}\n" for line in body.splitlines())
    calls = f"[show(value) for value in [{', '.join(values)}]]"
    return (
        f"{IMPORTS}def show(value):\n    try:\n        return str(found(value))\n    except TypeError:\n        return 'wrong'\n"
        f"def found(value):\n{steps}"
        f"def status(user, session, api):\n    return message('\\n'.join({calls}))\n"
    )


def natively(body, values):
    """What Python's own `match` gives for the same text."""
    names = {"message": lambda text: text}
    exec(script(body, values), names)
    return names["status"](None, None, None)


def comparable(text):
    """The lines without what is written in words of the sandbox's own."""
    return [line[:5] if "dict(" in line.casefold() or "built" in line else line for line in text.split("\n")]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_pattern_matches_what_it_matches_in_python(pattern, run):
    body = statement(pattern)
    assert comparable(run(script(body, SUBJECTS))["text"]) == comparable(natively(body, SUBJECTS))


def test_frozen_values_match_as_dicts_and_lists(say):
    steps = "match user.attributes:\n    case {'tags': [first, *_], 'address': {'city': city}, **rest}:\n        x = [first, city, sorted(rest)]"
    assert say("x", inside=steps) == "['vip', 'Paris', ['email']]"


def test_cases_are_tried_in_their_order_and_the_subject_is_read_once(say):
    steps = (
        "seen = []\n"
        "def value():\n    seen.append(1)\n    return 3\n"
        "match value():\n    case 1:\n        x = 'one'\n    case 2 | 3 if len(seen) > 5:\n        x = 'guard'\n"
        "    case n if n > 2:\n        x = 'more'\n    case _:\n        x = 'rest'"
    )
    assert say("[x, seen]", inside=steps) == "['more', [1]]"


def test_loops_are_left_from_inside_a_case(say):
    steps = (
        "out = []\n"
        "for n in range(9):\n    match n:\n        case 2:\n            continue\n        case 4:\n            break\n"
        "        case _:\n            out.append(n)"
    )
    assert say("out", inside=steps) == "[0, 1, 3]"


def test_matches_within_matches_and_within_functions(say):
    steps = (
        "def kind(value):\n    match value:\n        case [a, b]:\n            match a:\n                case 1:\n"
        "                    return b\n                case _:\n                    return kind(b)\n"
        "        case _:\n            return 'none'"
    )
    assert say("[kind([1, 2]), kind([0, [1, 5]]), kind([0, [0, 0]])]", inside=steps) == "[2, 5, 'none']"


def test_a_name_that_stands_in_the_subject_may_be_bound(say):
    assert say("x", inside="x = [1, [2, 3]]\nmatch x:\n    case [_, [x, y]]:\n        x = [x, y]") == "[2, 3]"


def test_a_failed_pattern_binds_nothing(say):
    assert say("a", inside="a = 0\nmatch [1, 2]:\n    case [a, 3]:\n        pass") == "0"


def test_the_finding_shows_the_statement_as_if():
    source = """
def status(user, session, api):
    match session.attributes.get("kind"):
        case "live" | "hybrid":
            return message("Live")
        case str() as other if other:
            return message(other)
        case {"n": int(n), "rows": [first, *_]}:
            return message(str(n))
        case None:
            return hidden()
        case _:
            return hidden()
"""
    (finding,) = compile_source(source).findings
    assert (finding.rule, finding.line, finding.column) == ("match-pattern", 6, 14)
    assert finding.instead == (
        "Write it with if, elif and else:\n"
        'value = session.attributes.get("kind")\n'
        'if (value == "live" or value == "hybrid"):\n'
        "    …\n"
        "elif isinstance(value, str) and other:\n"
        "    other = value\n"
        "    …\n"
        'elif isinstance(value, dict) and "n" in value and isinstance(value["n"], int) and "rows" in value '
        'and isinstance(value["rows"], (list, tuple)) and len(value["rows"]) >= 1:\n'
        "    n = value['n']\n"
        "    first = value['rows'][0]\n"
        "    …\n"
        "elif value is None:\n"
        "    …\n"
        "else:\n"
        "    …"
    )


def traced(source, **attributes):
    made = instrument(source)
    recorder = Recorder()
    given = {**SCRIPT_INPUT, "session": {**SCRIPT_INPUT["session"], "attributes": attributes}}
    value, _ = execute_traced(made.code, given, lambda _what, _content: {}, recorder)
    return made, value, recorder.report()


SOURCE = """def status(user, session, api):
    match session.attributes:
        case {"kind": "live", "n": [a, b]}:
            return message("Live")
        case {"kind": other} if other != "x":
            text = other
        case _:
            text = "none"
    return message(text)
"""


def test_lines_and_branches_of_a_match_are_told():
    made, value, report = traced(SOURCE, kind="live", n=[1, 2])
    assert value["text"] == "Live"
    assert made.lines == (1, 2, 4, 6, 8, 9)
    assert report["lines"] == [1, 2, 4]
    taken = {tuple(test) for test in report["tests"]}
    branches = [(site.line, site.entered, site.left) for site in made.sites if site.entered is not None]
    assert sorted(branches, key=str) == [(2, 4, None), (2, 6, 8)]
    first = next(number for number, site in enumerate(made.sites) if site.entered == 4)
    assert (first, 1) in taken


def test_what_a_match_compares_is_told():
    _, _, report = traced(SOURCE, kind="dead", n=[1])
    told = {
        (name, left[1], right[1]) for _, name, _, left, right in report["comparisons"] if left[0] == right[0] == "text"
    }
    assert ("Eq", "dead", "live") in told
    assert [["session", "attributes"], "kind", "text"] in [
        [list(place), key, state] for place, key, state in report["reads"]
    ]


def test_a_subject_of_another_kind_is_told():
    _, _, report = traced(
        "def status(user, session, api):\n    match session.attributes.get('a'):\n        case [x]:\n            return message('a')\n    return hidden()\n",
        a="text",
    )
    assert ["iterated", ["text", "text"], ""] in report["misuses"]
