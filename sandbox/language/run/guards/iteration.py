"""The guards of iteration: `for`, unpacking, and `*` in a list, tuple or set display.

Only exact types pass, and a set only in an order that reveals no address. No offered C iterator runs a script's code:
everything lazy is a generator.
"""

from __future__ import annotations

import re
import types
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.language.run.values.containers import OrderedDict, defaultdict
from sandbox.language.run.values.frozen import FrozenDict, FrozenList

from .c_calls import drained
from .items import ITEM_TYPES, describe
from .set_order import in_order

_DICTS: tuple[dict[Any, Any], ...] = ({}, Counter(), OrderedDict(), defaultdict(), FrozenDict())
_VIEWS: tuple[Any, ...] = tuple(view for each in _DICTS for view in (each.keys(), each.values(), each.items()))
_EMPTY: tuple[Any, ...] = ((), [], FrozenList(), "", "\u00e9", b"", set(), range(0), range(1 << 70), deque())
_SETS: frozenset[type] = frozenset({set, frozenset})

_ITERABLE_TYPES: frozenset[type] = frozenset(
    {
        *(ITEM_TYPES - {re.Match}),
        *(type(iter(value)) for value in (*_EMPTY, *_DICTS, *_VIEWS)),
        *(type(view) for view in _VIEWS),
        *_SETS,
        types.GeneratorType,
    }
)


def get_iterator(value: Any) -> Any:
    """What `for … in value` iterates over."""
    kind = type(value)
    if kind not in _ITERABLE_TYPES:
        raise TypeError(f"{describe(value)} cannot be iterated over")
    return in_order(value) if kind in _SETS else value


def get_members(value: Any) -> Any:
    """What `*value` adds to a list, a tuple or a set."""
    return drained(get_iterator(value))


def unpack(value: Any, shape: Mapping[str, Any], iterate: Any) -> list[Any]:
    """`a, (b, c) = value`; `shape` is RestrictedPython's description of the parts that are unpacked again."""
    parts = list(drained(iterate(value)))
    if len(parts) >= shape["min_len"]:
        for index, inner in shape["childs"]:
            parts[index] = unpack(parts[index], inner, iterate)
    return parts


def unpack_each(values: Any, shape: Mapping[str, Any], iterate: Any) -> Iterable[list[Any]]:
    """`for a, b in values`."""
    for value in iterate(values):
        yield unpack(value, shape, iterate)
