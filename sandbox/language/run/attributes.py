"""The guard of `value.name`: which attributes and methods a script can read, by the exact type of the value.

It is an allow-list: a name that is not in it is refused. Methods whose C code could run a script's code, or whose errors
could show an address, are replaced or wrapped.
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
import urllib.parse
import zoneinfo
from collections import Counter, deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.language.offered import API_ERROR_NAMES, ATTRIBUTES, EXCEPTION_ATTRIBUTES

from .api import ApiError
from .guards.c_calls import safe_c_function, without_error_text
from .guards.container_methods import CONTAINER_METHODS
from .guards.dict_functions import translate, update
from .guards.set_order import pop
from .standard_library.digests import digest_types
from .standard_library.encodings_offered import decode, encode
from .standard_library.regular_expressions import find_each, substitute, substitute_counted
from .standard_library.sorting import sort
from .values.containers import OrderedDict, counted_elements, defaultdict
from .values.facade import Facade, named, names_of
from .values.frozen import FrozenDict, FrozenList, Record, read_field
from .values.named_tuples import NamedTuple, has_field, read_element
from .values.value_text import printable_arguments

_TYPES: Mapping[str, tuple[type, ...]] = MappingProxyType(
    {
        "Counter": (Counter,),
        "Decimal": (decimal.Decimal,),
        "DecimalTuple": (type(decimal.Decimal(1).as_tuple()),),
        "Match": (re.Match,),
        "OrderedDict": (OrderedDict,),
        "ParseResult": (urllib.parse.ParseResult,),
        "Pattern": (re.Pattern,),
        "SplitResult": (urllib.parse.SplitResult,),
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
        "named tuple": (NamedTuple,),
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

#: (type, method name) -> the function that scripts get in place of Python's own method.
_METHODS: Mapping[tuple[type, str], Callable[..., Any]] = MappingProxyType(
    {
        **CONTAINER_METHODS,
        (Counter, "elements"): counted_elements,
        (bytes, "decode"): decode,
        (OrderedDict, "update"): update,
        (defaultdict, "update"): update,
        (dict, "update"): update,
        (list, "sort"): sort,
        (re.Pattern, "finditer"): find_each,
        (re.Pattern, "sub"): substitute,
        (re.Pattern, "subn"): substitute_counted,
        (set, "pop"): pop,
        (str, "encode"): encode,
        (str, "translate"): translate,
    }
)
_REPLACED = MappingProxyType({key: named(key[1], function) for key, function in _METHODS.items()})
#: Methods that store or compare their arguments and never iterate over them: scripts get them unwrapped.
_DIRECT = frozenset(
    [
        "add",
        "append",
        "appendleft",
        "count",
        "discard",
        "get",
        "insert",
        "items",
        "keys",
        "pop",
        "setdefault",
        "values",
        "endswith",
        "lower",
        "replace",
        "split",
        "startswith",
        "strip",
        "upper",
    ]
)
#: Methods that do not iterate either, but whose errors contain their arguments.
_WITHOUT_ERROR_TEXT = frozenset(["index", "remove"])


def get_attribute(value: Any, name: str) -> Any:
    """`value.name`."""
    kind = type(value)
    if kind is Record:
        return read_field(value, name)
    if kind is Facade:
        return _member(value, name)
    if kind is NamedTuple and (has_field(value, name) or name not in _ATTRIBUTES[NamedTuple]):
        return read_element(value, name)
    if (kind, name) in _REPLACED:
        return _bound(_REPLACED[kind, name], value)
    if name in _ATTRIBUTES.get(kind, ()):
        found = getattr(value, name)
        if name in _DIRECT or not callable(found):
            return found
        return without_error_text(found) if name in _WITHOUT_ERROR_TEXT else safe_c_function(found)
    if isinstance(value, Exception) and name in EXCEPTION_ATTRIBUTES:
        return printable_arguments(value)
    if kind is ApiError and name in API_ERROR_NAMES:
        return getattr(value, name)
    raise AttributeError(_no_attribute(value, kind, name))


def _bound(function: Callable[..., Any], value: Any) -> Callable[..., Any]:
    def method(*args: Any, **kwargs: Any) -> Any:
        return function(value, *args, **kwargs)

    return method


def _member(facade: Facade, name: str) -> Any:
    names = names_of(facade)
    if name not in names:
        raise AttributeError(f"{facade!r} has no {name} here; it has {', '.join(sorted(names)) or 'no attributes'}")
    return names[name]


def _no_attribute(value: object, kind: type, name: str) -> str:
    if value is None:
        return f"None has no {name}: the value is missing"
    offered = _ATTRIBUTES.get(kind)
    hint = f'; write value["{name}"] for a key' if issubclass(kind, dict) else ""
    return (
        f"{kind.__name__} has no {name} here{hint}"
        if offered
        else f"a value of type {kind.__name__} has no attributes here"
    )
