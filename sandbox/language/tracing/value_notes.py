"""Short notes of values, as plain text, for a recorder: what was compared, and how one side is to the other.

Only values of exact built-in types are written or compared, and containers only by their length and a few members, so
that noting a value runs no code of a script and shows no address.
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections import deque
from decimal import Decimal
from typing import Any

from sandbox.language.run.values.frozen import FrozenDict, FrozenList

#: Characters of a noted text, digits of a noted number, members of a noted container.
NOTE_CHARS, MAX_DIGITS, MAX_MEMBERS = 120, 30, 12
#: A kind and a text; for `members` a list of notes in place of the text.
Note = list[Any]

_ORDERED: frozenset[type] = frozenset({int, float, bool, str, Decimal, dt.datetime, dt.date, dt.time, dt.timedelta})
_MEMBERS: frozenset[type] = frozenset({list, tuple, set, frozenset, deque, FrozenList})
_KEYS = frozenset[type]((dict, FrozenDict))
_MOST_SEARCHED = 1000  #: members of a container in which a value is looked for


def note_of(value: Any) -> Note:
    """The note of a value."""
    kind = type(value)
    if kind in _MEMBERS:
        return ["members", [_simple_note(member) for member in _first(value)]]
    if kind in _KEYS:
        return ["keys", [_simple_note(member) for member in _first(value)]]
    return _simple_note(value)


def relation(name: str, left: Any, right: Any) -> str:
    """How the sides of a comparison are to each other: "<", "=", ">", "in", "out", or "?" if that is not known."""
    if name in ("In", "NotIn"):
        return _membership(left, right)
    if type(left) in _ORDERED and type(right) in _ORDERED:
        try:
            return "=" if left == right else "<" if left < right else ">"
        except (TypeError, ArithmeticError):
            return "?"
    return "=" if left is None and right is None else "?"


def _membership(left: Any, right: Any) -> str:
    if type(left) not in _ORDERED and left is not None:
        return "?"
    if type(right) is str and type(left) is str:
        return "in" if left in right else "out"
    if type(right) not in _MEMBERS | _KEYS or len(right) > _MOST_SEARCHED:
        return "?"
    if any(type(member) not in _ORDERED and member is not None for member in right):
        return "?"
    return "in" if left in right else "out"


def _first(members: Any) -> list[Any]:
    """The first members; those of a set only if they are texts, which have an order."""
    if type(members) in (set, frozenset):
        is_sortable = len(members) <= _MOST_SEARCHED and all(type(member) is str for member in members)
        return sorted(members)[:MAX_MEMBERS] if is_sortable else []
    return list(itertools.islice(members, MAX_MEMBERS))


def _simple_note(value: Any) -> Note:
    kind = type(value)
    if kind is str:
        return ["text", value[:NOTE_CHARS]]
    if kind is bool:
        return ["flag", "true" if value else "false"]
    if kind is int:
        return ["number", str(value)] if abs(value) < 10**MAX_DIGITS else ["other", "int"]
    if kind is float or kind is Decimal:
        return ["number", str(value)[:NOTE_CHARS]]
    if kind is dt.datetime:
        return ["moment", value.isoformat()]
    if kind is dt.timedelta:
        return ["seconds", str(value.total_seconds())]
    if kind is dt.date:
        return ["day", value.isoformat()]
    return ["none", ""] if value is None else ["other", kind.__name__[:NOTE_CHARS]]
