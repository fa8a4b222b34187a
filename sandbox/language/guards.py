"""The guards which the code of a script calls: attributes, items, iteration, writes, operators, unpacking.

All go by the exact type and by an allow-list; what is not named is refused.

Invariant for the next editor: no value that a script can hold may do harm when it is iterated, compared, hashed,
formatted or called, because built-in functions do these things without asking a guard.
"""

from __future__ import annotations

import datetime as dt
import decimal
import functools
import itertools
import operator
import re
import sys
import types
import zoneinfo
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from .api import ApiError
from .digests import digest_types
from .encodings_offered import decode, encode
from .facade import Facade, names_of
from .frozen import FrozenDict, FrozenList, Record, read_field
from .offered import API_ERROR_NAMES, ATTRIBUTES, EXCEPTION_ATTRIBUTES

_TYPES: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        "Counter": (Counter,),
        "Decimal": (decimal.Decimal,),
        "DecimalTuple": (type(decimal.Decimal(1).as_tuple()),),
        "Match": (re.Match,),
        "OrderedDict": (OrderedDict,),
        "Pattern": (re.Pattern,),
        "ZoneInfo": (zoneinfo.ZoneInfo,),
        "bytes": (bytes,),
        "date": (dt.date,),
        "datetime": (dt.datetime,),
        "defaultdict": (defaultdict,),
        "deque": (deque,),
        "dict": (dict,),
        "digest": tuple(digest_types()),
        "float": (float,),
        "frozen dict": (FrozenDict,),
        "frozen list": (FrozenList,),
        "frozenset": (frozenset,),
        "int": (int, bool),
        "isocalendar": (type(dt.date.min.isocalendar()),),
        "list": (list,),
        "range": (range,),
        "set": (set,),
        "str": (str,),
        "time": (dt.time,),
        "timedelta": (dt.timedelta,),
        "timezone": (dt.timezone,),
        "tuple": (tuple,),
    }
)

_ATTRIBUTES: Mapping[type, frozenset[str]] = MappingProxyType(
    {kind: frozenset(names) for label, names in ATTRIBUTES.items() for kind in _TYPES[label]}
)

_CODED: Mapping[tuple[type, str], Callable[..., Any]] = MappingProxyType(
    {(str, "encode"): encode, (bytes, "decode"): decode}
)

_ITEM_TYPES: frozenset[type] = frozenset(
    {str, bytes, list, tuple, dict, range, FrozenDict, FrozenList, Counter, OrderedDict, defaultdict, deque, re.Match}
    | set(_TYPES["DecimalTuple"])
    | set(_TYPES["isocalendar"])
)
_WRITE_TYPES: frozenset[type] = frozenset({list, dict, Counter, OrderedDict, defaultdict, deque})

_EMPTY: tuple[Any, ...] = ((), [], "", "\u00e9", b"", {}, set(), range(0), range(1 << 70), deque(), OrderedDict())
_MAPPINGS: tuple[dict[Any, Any], ...] = ({}, OrderedDict())
_VIEWS: tuple[Any, ...] = tuple(view for each in _MAPPINGS for view in (each.keys(), each.values(), each.items()))
_REVERSED: tuple[Any, ...] = ([], (), {}, range(0), deque(), OrderedDict(), *_VIEWS)

_ITERABLE_TYPES: frozenset[type] = frozenset(
    {
        *(_ITEM_TYPES - {re.Match}),
        *(type(iter(value)) for value in (*_EMPTY, *_VIEWS)),
        *(type(reversed(value)) for value in _REVERSED),
        *(type(view) for view in _VIEWS),
        *(kind for kind in vars(itertools).values() if isinstance(kind, type)),
        *(set, frozenset, types.GeneratorType, enumerate, filter, map, reversed, zip),
        type(re.finditer("", "")),
    }
)


def get_attribute(value: Any, name: str) -> Any:
    """`value.name`."""
    kind = type(value)
    if kind is Record:
        return read_field(value, name)
    if kind is Facade:
        return _member(value, name)
    if (kind, name) in _CODED:
        return functools.partial(_CODED[kind, name], value)
    if name in _ATTRIBUTES.get(kind, ()):
        return getattr(value, name)
    if kind is ApiError and name in API_ERROR_NAMES:
        return getattr(value, name)
    if isinstance(value, Exception) and name in EXCEPTION_ATTRIBUTES:
        return value.args
    raise AttributeError(_no_attribute(value, kind, name))


def _member(facade: Facade, name: str) -> Any:
    names = names_of(facade)
    if name not in names:
        raise AttributeError(f"{facade!r} has no {name} here; it has {', '.join(sorted(names)) or 'no names'}")
    return names[name]


def _no_attribute(value: object, kind: type, name: str) -> str:
    if value is None:
        return f"None has no {name}: the value is missing"
    offered = _ATTRIBUTES.get(kind)
    hint = f'; write value["{name}"] for a key' if issubclass(kind, dict) else ""
    return f"{kind.__name__} has no {name} here{hint}" if offered else f"a {kind.__name__} has no names to read here"


def get_item(value: Any, key: Any) -> Any:
    """`value[key]`."""
    if type(value) not in _ITEM_TYPES:
        raise TypeError(f"{_describe(value)} cannot be read with [...]")
    return value[key]


def get_iterator(value: Any) -> Any:
    """What `for … in value` goes through."""
    if type(value) not in _ITERABLE_TYPES:
        raise TypeError(f"{_describe(value)} cannot be gone through with for")
    return value


def get_writable(value: Any) -> Any:
    """The container of `value[key] = …` and `del value[key]`."""
    if type(value) not in _WRITE_TYPES:
        copy = "; change a copy of it: .copy()" if type(value) in {FrozenDict, FrozenList} else ""
        raise TypeError(f"{_describe(value)} cannot be changed{copy}")
    return value


def _describe(value: object) -> str:
    return repr(value) if type(value) in {Record, Facade} else f"a value of type {type(value).__name__}"


_OPERATORS: Mapping[str, tuple[Callable[..., Any], Callable[..., Any]]] = MappingProxyType(
    {
        "+=": (operator.iadd, operator.add),
        "-=": (operator.isub, operator.sub),
        "*=": (operator.imul, operator.mul),
        "/=": (operator.itruediv, operator.truediv),
        "//=": (operator.ifloordiv, operator.floordiv),
        "%=": (operator.imod, operator.mod),
        "|=": (operator.ior, operator.or_),
        "&=": (operator.iand, operator.and_),
        "^=": (operator.ixor, operator.xor),
        ">>=": (operator.irshift, operator.rshift),
    }
)


def change_in_place(symbol: str, left: Any, right: Any) -> Any:
    """`left += right` and its like; a frozen value makes a new one instead."""
    in_place, plain = _OPERATORS[symbol]
    return (plain if type(left) in {FrozenDict, FrozenList} else in_place)(left, right)


def item_place(container: Any, key: Any) -> tuple[Any, Any, Any]:
    """First half of `container[key] += …`: the container, the key and the value there."""
    return get_writable(container), key, container[key]


def change_item(place: tuple[Any, Any, Any], symbol: str, right: Any) -> None:
    """Second half: the value changed and written back."""
    container, key, old = place
    container[key] = change_in_place(symbol, old, right)


def unpack(value: Any, shape: Mapping[str, Any], iterate: Callable[[Any], Any]) -> list[Any]:
    """`a, (b, c) = value`; `shape` says which parts are unpacked again, as RestrictedPython writes it."""
    parts = list(iterate(value))
    if len(parts) >= shape["min_len"]:
        for index, inner in shape["childs"]:
            parts[index] = unpack(parts[index], inner, iterate)
    return parts


def unpack_each(values: Any, shape: Mapping[str, Any], iterate: Callable[[Any], Any]) -> Iterable[list[Any]]:
    """`for a, b in values`."""
    for value in iterate(values):
        yield unpack(value, shape, iterate)


def format_literal(template: str, /, *args: Any, **kwargs: Any) -> str:
    """`"…".format(…)` on a literal whose fields the check found plain."""
    return template.format(*args, **kwargs)


#: `SystemError` is Python's own trouble: `deque` and others in C lose the `MemoryError` when the memory is used up.
_ENDINGS = (MemoryError, SystemError)


def unstoppable_kinds() -> tuple[type[BaseException], ...]:
    """First handler of every `try`: what must pass it. A used-up budget is one of `_ENDINGS` or no `Exception`."""
    return (BaseException,) if _is_ending() else ()


def pass_unstoppable() -> None:
    """First step of every `finally`: the end of the run goes on, so that no later error can take its place."""
    if _is_ending():
        raise  # noqa: PLE0704 -- what is being handled by the script's finally


def _is_ending() -> bool:
    error = sys.exc_info()[1]
    return error is not None and (isinstance(error, _ENDINGS) or not isinstance(error, Exception))


GUARDS: Mapping[str, Any] = MappingProxyType(
    {
        "_format_": format_literal,
        "_getattr_": get_attribute,
        "_getitem_": get_item,
        "_getiter_": get_iterator,
        "_inplace_item_": change_item,
        "_inplacevar_": change_in_place,
        "_item_place_": item_place,
        "_iter_unpack_sequence_": unpack_each,
        "_unpack_sequence_": unpack,
        "_pass_unstoppable_": pass_unstoppable,
        "_unstoppable_kinds_": unstoppable_kinds,
        "_write_": get_writable,
    }
)
