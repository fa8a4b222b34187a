"""A net for texts: everything offered is given functions and sets, and no answer and no error may tell where they lie.

A new name in the tables is tried by itself, in every place of its arguments.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections import Counter, deque
from decimal import Decimal

import pytest

from sandbox.language.offered import ATTRIBUTES
from sandbox.language.run.attributes import get_attribute
from sandbox.language.run.guard_table import GUARDS
from sandbox.language.run.values.value_text import representation_of, text_of
from tests.sandbox.language.test_callbacks import FUNCTIONS, SAMPLES

NUMBERS = range(1000, 1060)
SET = {None, float("nan"), len, *NUMBERS}
ADDRESS = re.compile("0x[0-9a-f]{6}")
#: Gives its argument in every order, or in another one.
REORDERS = {"itertools.permutations", "itertools.combinations", "list.reverse"}
CASES = {
    **{name: value for name, value in FUNCTIONS.items() if callable(value)},
    **{
        f"{where}.{name}": (lambda *args, where=where, name=name: get_attribute(SAMPLES[where](), name)(*args))
        for where in SAMPLES
        for name in ATTRIBUTES[where]
    },
    **{f"operator {symbol}": (lambda *args, symbol=symbol: GUARDS["_operate_"](symbol, *args)) for symbol in "%|&^-"},
    **{f"in place {symbol}": (lambda *args, symbol=symbol: GUARDS["_inplacevar_"](symbol, *args)) for symbol in ("+=", "|=", "%=")},
}  # fmt: skip


def function(*args):
    return args[0] if args else SET


def _odd():
    return [function, [function], {function: function}, SET, [SET], (frozenset(SET), 1), (item for item in [SET])]


PLAIN = ("%s", b"ab", [1, 2], {"a": 1}, 2, Counter("a"), deque([1]), Decimal(1), dt.date(2026, 1, 1))


def _arguments():
    for place in range(len(_odd())):
        yield (_odd()[place],)
        for plain in PLAIN:
            yield (plain, _odd()[place])
            yield (_odd()[place], plain)
            yield (plain, plain, _odd()[place])


def _texts(value):
    for write in (text_of, representation_of):
        with contextlib.suppress(TypeError, RecursionError):
            yield write(value)


def _is_told(text):
    numbers = [int(found) for found in re.findall(r"\b10[0-5][0-9]\b", text)]
    whole = [numbers[start : start + len(NUMBERS)] for start in range(0, len(numbers), len(NUMBERS))]
    is_ordered = all(part == list(NUMBERS) for part in whole if set(part) == set(NUMBERS))
    return bool(ADDRESS.search(text)) or not is_ordered


@pytest.mark.parametrize("name", [name for name in CASES if name not in REORDERS])
def test_no_answer_and_no_error_tells_where_something_lies(name):
    for arguments in _arguments():
        try:
            said = CASES[name](*arguments)
        except Exception as error:  # noqa: BLE001 -- any error is an answer here
            said = error
        assert not [text for text in _texts(said) if _is_told(text)], arguments


def test_the_net_sees_what_python_itself_tells():
    assert _is_told(repr(function))
    assert _is_told(str(set(map(str, NUMBERS))))
    assert not _is_told(text_of([function, SET]))
