"""The text of a value in a script, its log and its errors: never with an address.

Python writes the address of a function, an iterator or a digest into its text, and an address is half of an attack on
memory. So every conversion to text goes through here, by an allow-list: Python writes a value that consists of known types
only; for anything else in it, the name of its type is written.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import re
import urllib.parse
import zoneinfo
from collections import Counter, deque
from collections.abc import Iterable
from types import FunctionType, MappingProxyType
from typing import Any

from .containers import OrderedDict, defaultdict, factory_of
from .facade import Facade
from .frozen import FrozenDict, FrozenList, Record
from .messages import ScriptMessage
from .named_tuples import NamedTuple, NamedTupleType, written
from .stable_hash import have_stable_hashes

#: How many levels of a value with unknown parts are written.
MAX_DEPTH = 50

_LEAVES: frozenset[type] = frozenset(
    {str, bytes, int, bool, float, type(None), type(...), range, decimal.Decimal, zoneinfo.ZoneInfo, re.Pattern}
    | {dt.date, dt.datetime, dt.time, dt.timedelta, dt.timezone, re.Match, Facade, Record, ScriptMessage}
    | {urllib.parse.ParseResult, urllib.parse.SplitResult, NamedTupleType}
    | {type(decimal.Decimal(1).as_tuple()), type(dt.date.min.isocalendar())}
)
_MAPPINGS: frozenset[type] = frozenset({dict, FrozenDict, Counter, OrderedDict, defaultdict, MappingProxyType})
_VIEWS: frozenset[type] = frozenset({type({}.keys()), type({}.values()), type({}.items())})
_SETS: frozenset[type] = frozenset({set, frozenset})
_MEMBERS: frozenset[type] = frozenset({list, FrozenList, tuple, NamedTuple, deque}) | _SETS | _VIEWS
#: Types that are written without their name.
_UNNAMED: frozenset[type] = frozenset({dict, FrozenDict, list, FrozenList, tuple, MappingProxyType})
#: How CPython's C code writes an address, which can be in the text of an error that C code raised.
_ADDRESS = re.compile(r" (?:at|@) 0x[0-9a-fA-F]+(?=>)")
#: Errors that write the value that a script passes as their message into their text, and store it as `msg`.
_MESSAGE_ERRORS = (json.JSONDecodeError, re.error)


class Substitute:
    """Is written in place of a value that Python would write with its address."""

    __slots__ = ("_repr", "_text")

    def __init__(self, text: str, representation: str | None = None) -> None:
        self._text = text
        self._repr = text if representation is None else representation

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return self._repr

    def __format__(self, specification: str) -> str:
        return format(self._text, specification)


def printable(value: Any) -> Any:
    """The value itself if its text contains no address, else a substitute: for `str`, `repr` and `format`."""
    return value if type(value) in _LEAVES or _is_printable(value) else _substitute(value, ())


def text_of(value: Any) -> str:
    """`str(value)`."""
    return str(printable(value))


def representation_of(value: Any) -> str:
    """`repr(value)`."""
    return repr(printable(value))


def formatted(value: Any, specification: str = "") -> str:
    """`format(value, specification)`."""
    return format(printable(value), specification)


def printable_arguments(error: BaseException) -> tuple[Any, ...]:
    """`error.args` without the addresses in their texts."""
    if isinstance(error, _MESSAGE_ERRORS) and type(error.msg) is not str:
        return ()
    return tuple(_ADDRESS.sub("", part) if type(part) is str else part for part in error.args)


def _is_printable(value: Any) -> bool:
    seen: dict[int, Any] = {}  # holds the objects, so that no id is reused
    left = [value]
    while left:
        item = left.pop()
        if type(item) in _LEAVES or id(item) in seen:
            continue
        seen[id(item)] = item
        parts = _parts(item)
        if parts is None:
            return False
        left.extend(parts)
    return True


def _parts(item: Any) -> Iterable[Any] | None:
    """The parts that the text of a container contains; None if the item is neither a container nor of a known type."""
    kind = type(item)
    if kind in _MAPPINGS:
        inner = [*item.keys(), *item.values()]
        return [*inner, factory_of(item)] if kind is defaultdict else inner
    if kind in _SETS and len(item) > 1 and not have_stable_hashes(item):
        return None
    if kind in _MEMBERS:
        return list(item)
    if isinstance(item, Exception):
        return item.args if item.args == printable_arguments(item) else None
    return () if isinstance(item, type) and issubclass(item, Exception) else None


def _substitute(value: Any, outer: tuple[int, ...]) -> Any:
    kind = type(value)
    if kind in _LEAVES:
        return value
    if id(value) in outer or len(outer) > MAX_DEPTH:
        return Substitute("...")
    inner = (*outer, id(value))
    if kind in _SETS:
        return _substitute_set(value, inner)
    if kind is NamedTuple:
        return Substitute(written(value, [repr(_substitute(item, inner)) for item in value]))
    if kind in _MAPPINGS or kind in _MEMBERS:
        made = _substitute_parts(value, inner)
        return made if kind in _UNNAMED else Substitute(f"{kind.__name__}({made!r})")
    if isinstance(value, Exception):
        return _substitute_error(value, inner)
    if isinstance(value, type):
        return Substitute(f"<class {value.__name__}>")
    return Substitute(f"<function {value.__name__}>" if kind is FunctionType else f"<{kind.__name__}>")


def _substitute_parts(value: Any, outer: tuple[int, ...]) -> Any:
    if type(value) in _MAPPINGS:
        return {_substitute(key, outer): _substitute(item, outer) for key, item in value.items()}
    made = [_substitute(item, outer) for item in value]
    return tuple(made) if type(value) is tuple else made


def _substitute_set(members: set[Any] | frozenset[Any], outer: tuple[int, ...]) -> Substitute:
    """The text of a set in the order of its members' texts, which reveals no address."""
    texts = sorted((type(member).__name__, repr(_substitute(member, outer))) for member in members)
    text = f"{{{', '.join(text for _, text in texts)}}}" if members else ""
    return Substitute(text if text and type(members) is set else f"{type(members).__name__}({text})")


def _substitute_error(error: Exception, outer: tuple[int, ...]) -> Substitute:
    arguments = [_substitute(part, outer) for part in printable_arguments(error)]
    alike = KeyError(*arguments) if isinstance(error, KeyError) else Exception(*arguments)
    return Substitute(str(alike), f"{type(error).__name__}({', '.join(map(repr, arguments))})")
