"""The guards of `value[key]`: reading, writing and deleting, by the exact type of the value."""

from __future__ import annotations

import datetime as dt
import re
import urllib.parse
from collections import Counter, deque
from decimal import Decimal
from typing import Any

from sandbox.language.run.values.containers import OrderedDict, defaultdict, value_of
from sandbox.language.run.values.facade import Facade
from sandbox.language.run.values.frozen import FrozenDict, FrozenList, Record, first_field, read_key, record_label
from sandbox.language.run.values.named_tuples import NamedTuple

from .c_calls import drained

WRITE_TYPES: frozenset[type] = frozenset({list, dict, Counter, OrderedDict, defaultdict, deque})
ITEM_TYPES: frozenset[type] = WRITE_TYPES | {
    *(str, bytes, tuple, range, FrozenDict, FrozenList, re.Match),
    *(urllib.parse.ParseResult, urllib.parse.SplitResult, NamedTuple),
    type(Decimal(1).as_tuple()),
    type(dt.date.min.isocalendar()),
}


def get_item(value: Any, key: Any) -> Any:
    """`value[key]`."""
    kind = type(value)
    if kind not in ITEM_TYPES:
        hint = (
            f"; its fields are read with a dot, for example {record_label(value)}.{first_field(value)}"
            if kind is Record
            else ""
        )
        raise TypeError(f"{describe(value)} cannot be read with [...]{hint}")
    if kind is FrozenDict:
        return read_key(value, key)
    return value_of(value, key) if kind is defaultdict else value[key]


def get_writable(value: Any) -> Any:
    """The container of `value[key] = …` and `del value[key]`."""
    if type(value) not in WRITE_TYPES:
        copy = "; change a copy of it: .copy()" if type(value) in {FrozenDict, FrozenList} else ""
        raise TypeError(f"{describe(value)} cannot be changed{copy}")
    return value


class SliceTarget:
    """The container of `values[start:stop] = …`: the assigned value is drained first."""

    __slots__ = ("_values",)

    def __init__(self, values: Any) -> None:
        self._values = get_writable(values)

    def __setitem__(self, key: slice, value: Any) -> None:
        self._values[key] = drained(value)


def describe(value: object) -> str:
    """The value as an error names it."""
    if type(value) is Record:
        return record_label(value)
    return repr(value) if type(value) is Facade else f"a value of type {type(value).__name__}"
