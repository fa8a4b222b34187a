"""What may stand at module level: lambdas, tables of functions, comprehensions and type aliases, as far as they need no input."""

import pytest

from sandbox.language import compile_source

ACCEPTED = {
    "a lambda": ("SHOUT('a')", "SHOUT = lambda text: text.upper()", "A"),
    "a table of lambdas": ("TABLE['a'](2)", "TABLE = {'a': lambda n: n + 1, 'b': lambda n: n - 1}", "3"),
    "a table of functions": (
        "TABLE[session.attributes.get('kind', 'early')]()",
        "def early():\n    return 'Early'\ndef late():\n    return 'Late'\nTABLE = {'early': early, 'late': late}",
        "Early",
    ),
    "a table of offered functions": ("[f('12') for f in READ]", "READ = (int, str, len)", "[12, '12', 2]"),
    "a list comprehension": ("X", "WORDS = ('a', 'b')\nX = [word.upper() for word in WORDS if word != 'b']", "['A']"),
    "a dict comprehension of a table": ("X", "A = {'a': 1}\nX = {value: key for key, value in A.items()}", "{1: 'a'}"),
    "a set comprehension within a call": ("sorted(X)", "X = frozenset({n % 2 for n in range(5)})", "[0, 1]"),
    "a generator within a call": ("X", "X = tuple(n * 2 for n in range(3))", "(0, 2, 4)"),
    "two loops": ("X", "X = [(a, b) for a in (1, 2) for b in range(a)]", "[(1, 0), (2, 0), (2, 1)]"),
    "calls of functions without input": (
        "X",
        "A = ['b', 'a']\nX = [sorted(A), len(A), max(A), sum(range(3)), list(zip(A, A)), dict(enumerate(A))]",
        "[['a', 'b'], 2, 'b', 3, [('b', 'b'), ('a', 'a')], {0: 'b', 1: 'a'}]",
    ),
    "items, conditions and stars": (
        "[X, Y, Z]",
        "A = {'a': [1, 2]}\nX = A['a'][0]\nY = 'big' if X > 3 and not A else 'small'\nZ = [*A['a'], 3][1:]",
        "[1, 'small', [2, 3]]",
    ),
    "a type alias": ("X", "Row = dict[str, list[int]]\nX = 1\ndef f(row: Row) -> Row:\n    return row", "1"),
    "a type alias of typing": (
        "f({'a': None})",
        """from typing import Any, Optional
Text = Optional[str]
Row = dict[str, Text] | list[Any] | None
def f(row: Row) -> Text:
    return row['a']""",
        "None",
    ),
    "an alias with an annotation": (
        "1",
        "from typing import TypeAlias, TypeVar\nT = TypeVar('T')\nRow: TypeAlias = 'dict[str, T]'",
        "1",
    ),
    "an alias of a module": ("1", "import typing\nKind = typing.Literal['a', 'b']\ndef f(a: Kind):\n    return a", "1"),
    "functions of the sandbox that the stubs name stay values": (
        "[callable(SHOW), isinstance(ApiError('a'), ERRORS)]",
        """from session_status import Api, ApiError, Message, message
SHOW = message
ERRORS = ApiError
Shown = Message | None
def f(api: Api) -> Shown:
    return None""",
        "[True, True]",
    ),
    "types as values stay values": ("isinstance(1, KINDS)", "KINDS = int | str | None", "True"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_it_is_accepted(name, say):
    expression, before, text = ACCEPTED[name]
    assert say(expression, before=before) == text


def test_a_function_that_a_table_names_above_its_definition_is_told_with_both_lines():
    source = "TABLE = {'a': late}\n\ndef late():\n    return hidden()\n\ndef status(user, session, api):\n    return TABLE['a']()\n"
    (finding,) = compile_source(source).findings
    assert (finding.rule, finding.line, finding.column) == ("used-early", 1, 15)
    assert "line 3" in finding.what


def test_an_alias_that_a_run_would_need_is_told_where_it_is_used():
    source = "Row = dict[str, str]\ndef status(user, session, api):\n    return message(str(isinstance(user, Row)))\n"
    (finding,) = compile_source(source).findings
    assert (finding.rule, finding.line, finding.column) == ("alias-at-run-time", 3, 41)


@pytest.mark.parametrize(
    "before",
    [
        "X = [[0] * 1000000 for n in range(1000)]",
        "X = [n for n in range(10 ** 1)]",
        "X = [i async for i in ()]",
        "X = [name for name in unknown]",
        "X = {**unknown}",
        "for n in (1,):\n    X = n",
        "X = [print(n) for n in (1, 2)]",
        "X = [n for n in (1, 2) if message(n)]",
        "X = with_query('https://a.example')",
    ],
)
def test_what_runs_more_than_that_is_not_accepted_or_is_within_the_budget_of_a_run(before, rules):
    found = rules(before + "\ndef status(user, session, api):\n    return hidden()\n")
    assert found or "range(1000)" in before
