"""The order in which a script sees the members of a set: it never depends on an address.

CPython places a member by its hash, and the hash of a function, of NaN and, before 3.12, of None is made from its
address; among enough numbers its place would tell the whole of it. Such a set is gone through in the order of its texts.
"""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from .value_text import text_of

#: The hash of these follows from the value alone.
_BY_VALUE: frozenset[type] = frozenset(
    {str, bytes, int, bool, dt.date, dt.datetime, dt.time, dt.timedelta, dt.timezone, range, re.Pattern}
    | ({type(None)} if sys.version_info >= (3, 12) else set())
)


def in_order(members: set[Any] | frozenset[Any]) -> Collection[Any]:
    """The members in an order that tells no address. Raises TypeError where there is no such order."""
    if all(_is_by_value(member) for member in members):
        return members
    by_text = {(type(member).__name__, text_of(member)): member for member in members}
    if len(by_text) < len(members):
        raise TypeError("the members of this set have no order; use a list")
    return [by_text[key] for key in sorted(by_text)]


def pop(members: set[Any]) -> Any:
    """`set.pop`."""
    for member in in_order(members):
        members.remove(member)
        return member
    raise KeyError("pop from an empty set")


def _is_by_value(member: Any) -> bool:
    left = [member]
    while left:
        item = left.pop()
        kind = type(item)
        if kind in _BY_VALUE:
            continue
        if kind in {tuple, frozenset}:
            left.extend(item)
        elif not ((kind is float and item == item) or (kind is Decimal and not item.is_nan())):  # noqa: PLR0124 -- NaN
            return False
    return True
