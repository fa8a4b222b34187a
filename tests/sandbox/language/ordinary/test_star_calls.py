"""Calls with `*` and `**`: of the script's own functions and a few others, and of nothing else."""

import ast

import pytest

from sandbox.language import compile_source, execute_traced, instrument
from sandbox.language.check.policy import LanguagePolicy
from sandbox.language.rules.findings import Findings
from sandbox.language.run.guard_table import GUARDS
from sandbox.language.run.standard_library.builtins_offered import SCRIPT_BUILTINS
from sandbox.language.tracing import Recorder
from tests.sandbox.language.conftest import SCRIPT_INPUT

F = "def f(a, b=2, *more, c=3, **rest):\n    return [a, b, more, c, rest]"
ACCEPTED = {
    "a function of the script": ("f(*[1, 5, 6], **{'c': 7, 'd': 8})", F, "", "[1, 5, (6,), 7, {'d': 8}]"),
    "several stars and plain arguments": (
        "f(0, *(1,), *'ab', c=1, **{}, **{'e': 2})",
        F,
        "",
        "[0, 1, ('a', 'b'), 1, {'e': 2}]",
    ),
    "a function within a function": ("g(*[1, 2])", "", "def g(*values):\n    return sum(values)", "3"),
    "a lambda with a name": ("g(*[1, 2])", "", "g = lambda a, b: a + b", "3"),
    "arguments that are passed on": (
        "g(1, c=2)",
        F,
        "def g(*args, **words):\n    return f(*args, **words)",
        "[1, 2, (), 2, {}]",
    ),
    "zip": ("[list(row) for row in zip(*rows)]", "", "rows = [[1, 2], [3, 4]]", "[[1, 3], [2, 4]]"),
    "zip of nothing": ("list(zip(*[]))", "", "", "[]"),
    "max and min": ("[max(*[3, 9], key=lambda n: -n), min(*(3, 9))]", "", "", "[3, 3]"),
    "a generator": ("max(*(n for n in range(5)))", "", "", "4"),
    "a set in its order": ("f(*{2, 1})", F, "", "[1, 2, (), 3, {}]"),
    "frozen lists and dicts": (
        "f(*user.attributes['tags'], **user.attributes['address'])",
        F,
        "",
        "['vip', 'speaker', (), 3, {'city': 'Paris'}]",
    ),
    "keys that begin with an underscore, for one's own": ("g(**{'_a': 1})", "", "def g(_a):\n    return _a", "1"),
    "a keyword that begins with an underscore, for one's own": ("g(_a=1)", "", "def g(_a):\n    return _a", "1"),
    "a type of named tuples": (
        "[Row(*[1, 2]), Row(**{'a': 1, 'b': 2})]",
        "from collections import namedtuple\nRow = namedtuple('Row', 'a b')",
        "",
        "[Row(a=1, b=2), Row(a=1, b=2)]",
    ),
    "other dicts": (
        "[f(**OrderedDict(a=1)), f(**Counter('a')), f(**d)]",
        F + "\nfrom collections import Counter, OrderedDict, defaultdict",
        "d = defaultdict(int)\nd['a'] += 1",
        "[[1, 2, (), 3, {}], [1, 2, (), 3, {}], [1, 2, (), 3, {}]]",
    ),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_these_take_stars(name, say):
    expression, before, inside, text = ACCEPTED[name]
    assert say(expression, before=before, inside=inside) == text


def test_a_message_of_a_dict(run):
    source = 'def status(user, session, api):\n    parts = {"text": "a", "link": "https://a.example/"}\n    return message(**parts)\n'
    assert run(source) == {"text": "a", "link": "https://a.example/", "color": None}


def test_print_writes_what_a_star_gives(run, calls):
    run("def status(user, session, api):\n    print(*[1, 'a'], sep='-')\n    return hidden()\n")
    assert calls == [("log", {"text": "1-a"})]


REFUSED = {
    "a method": "x = api.get(*['a', '/b'])",
    "a method under a name": "get = api.get\nx = get(*['a', '/b'])",
    "a built-in function": "x = sorted(*[[2, 1]])",
    "a type": "x = dict(**{'a': 1})",
    "a parameter": "def g(h, *rest):\n    return h(*rest)\nx = g(len, 'a')",
    "a call's result": "x = (lambda: len)()(*['a'])",
    "an item": "x = {'f': len}['f'](*['a'])",
    "a name that is also something else": "def g(a):\n    return a\ng = len\nx = g(*['a'])",
    "a name that a loop binds too": "def g(a):\n    return a\nfor g in [len]:\n    x = g(*['a'])",
    "zip that is something else": "zip = len\nx = zip(*['a'])",
    "max that is a parameter": "def g(max):\n    return max(*['a'])\nx = g(len)",
    "a lambda that may be another": "g = lambda a: a\nif user.id:\n    g = len\nx = g(*['a'])",
    "namedtuple itself": "from collections import namedtuple\nx = namedtuple(*['R', 'a'])",
    "a named tuple's type that may be something else": (
        "from collections import namedtuple\nR = namedtuple('R', 'a')\nif user.id:\n    R = len\nx = R(*['a'])"
    ),
    "an imported function": "from functools import partial\nx = partial(*[len, 'a'])",
    "with_query": "x = with_query(*['https://a.example/'])",
    "a keyword of the sandbox for one's own": "def g(**words):\n    return words\nx = g(_getattr_=1)",
}


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_else_does(name):
    steps = "".join(f"    {line}\n" for line in REFUSED[name].splitlines())
    source = f"def status(user, session, api):\n{steps}    return hidden()\n"
    assert {one.rule for one in compile_source(source).findings} & {"star-call", "keyword"}
    findings = Findings(source)
    LanguagePolicy(findings).visit(ast.parse(source))
    assert findings.refused


@pytest.mark.parametrize("values", ["1", "None", "user", "api", "len", "[('a', 1)]", "{1: 2}", "{None: 1}", "'ab'"])
def test_only_a_dict_with_text_as_keys_follows_two_stars(values, run):
    source = f"def f(**words):\n    return words\ndef status(user, session, api):\n    x, = [{values}]\n    return message(str(f(**x)))\n"
    with pytest.raises(TypeError):
        run(source)


@pytest.mark.parametrize("values", ["1", "None", "user", "api", "len"])
def test_only_what_can_be_iterated_follows_one_star(values, run):
    source = f"def f(*words):\n    return words\ndef status(user, session, api):\n    x, = [{values}]\n    return message(str(f(*x)))\n"
    with pytest.raises(TypeError):
        run(source)


def test_the_guard_refuses_what_the_check_was_deceived_about():
    callee = GUARDS["_star_callee_"]
    for name in ("zip", "max", "min"):
        assert callee(SCRIPT_BUILTINS[name]) is SCRIPT_BUILTINS[name]
    for name in ("len", "sorted", "dict", "str", "map", "isinstance", "sum", "ValueError"):
        with pytest.raises(TypeError):
            callee(SCRIPT_BUILTINS[name])

    def zip(*values):  # noqa: A001 - a function with that name, which is not the offered one
        return values

    with pytest.raises(TypeError):
        callee(zip)


def test_a_run_with_probes_calls_the_same_and_tells_the_line_of_the_message():
    source = (
        "def f(*values):\n    return max(*values)\n"
        "def status(user, session, api):\n    print(*[1, 2])\n    parts = {'text': str(f(*[1, 5]))}\n"
        "    return message(\n        **parts\n    )\n"
    )
    lines = []
    made = instrument(source)
    value, line = execute_traced(made.code, SCRIPT_INPUT, lambda *parts: lines.append(parts) or {}, Recorder())
    assert (value["text"], line, lines) == ("5", 6, [("log", {"text": "1 2"})])
