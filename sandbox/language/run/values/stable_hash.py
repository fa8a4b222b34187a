"""Whether the hash of a value depends on the value alone, so that its place in a set reveals no address.

CPython makes the hash of a function, of NaN and, before 3.12, of None and of a range of fewer than two from an address.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Collection
from decimal import Decimal
from typing import Any
from urllib.parse import ParseResult, SplitResult

from .named_tuples import NamedTuple

_PLAIN: frozenset[type] = frozenset(
    {str, bytes, int, bool, dt.date, dt.datetime, dt.time, dt.timedelta, dt.timezone, re.Pattern}
    | ({type(None), range} if sys.version_info >= (3, 12) else set())
)
_COMPOSED: frozenset[type] = frozenset({tuple, frozenset, NamedTuple, ParseResult, SplitResult})


def have_stable_hashes(members: Collection[Any]) -> bool:
    """Whether the places of these members in a set depend on their values alone."""
    if _PLAIN.issuperset(map(type, members)):
        return True
    seen: dict[int, Any] = {}  # holds the objects, so that no id is reused
    left = list(members)
    while left:
        item = left.pop()
        if type(item) in _COMPOSED:
            left.extend(() if id(item) in seen else item)
            seen[id(item)] = item
        elif not _is_by_value(item):
            return False
    return True


def _is_by_value(item: Any) -> bool:
    kind = type(item)
    if kind is float:
        return bool(item == item)  # noqa: PLR0124 -- NaN
    if kind is Decimal:
        return not item.is_nan()
    if kind is range:
        return bool(item[1:])
    return kind in _PLAIN
