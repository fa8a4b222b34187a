"""The guards which the code of a script calls: attributes, items, iteration, writes, operators, unpacking.

All go by the exact type and by an allow-list; what is not named is refused.

Invariants for the next editor: no value that a script can hold may do harm when it is iterated, compared, hashed,
formatted or called, because built-in functions do these things without asking a guard; and no C code may run a script's
code (`callbacks` lists the exceptions).
"""

from __future__ import annotations

import datetime as dt
import decimal
import re
import sys
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
from .guards.items import SliceTarget, get_item, get_writable
from .guards.iteration import get_iterator, get_members, unpack, unpack_each
from .guards.operators import change_in_place, change_item, item_place, operate
from .guards.set_order import pop
from .standard_library.digests import digest_types
from .standard_library.encodings_offered import decode, encode
from .standard_library.regular_expressions import find_each, substitute, substitute_counted
from .standard_library.sorting import sort
from .values.containers import OrderedDict, counted_elements, defaultdict
from .values.facade import Facade, named, names_of
from .values.frozen import FrozenDict, FrozenList, Record, read_field
from .values.value_text import printable, printable_arguments

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

#: Methods that are not Python's own: of a type, by name, as a function of the value.
_OWN: Mapping[tuple[type, str], Callable[..., Any]] = MappingProxyType(
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
_REPLACED = MappingProxyType({key: named(key[1], function) for key, function in _OWN.items()})
#: Methods that keep what they are given or compare it, and never go through it: they are called as they are.
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
#: Methods that go through nothing either, but whose errors hold what they were given.
_DISCREET = frozenset(["index", "remove"])


def get_attribute(value: Any, name: str) -> Any:
    """`value.name`."""
    kind = type(value)
    if kind is Record:
        return read_field(value, name)
    if kind is Facade:
        return _member(value, name)
    if (kind, name) in _REPLACED:
        return _bound(_REPLACED[kind, name], value)
    if name in _ATTRIBUTES.get(kind, ()):
        found = getattr(value, name)
        if name in _DIRECT or not callable(found):
            return found
        return without_error_text(found) if name in _DISCREET else safe_c_function(found)
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
        raise AttributeError(f"{facade!r} has no {name} here; it has {', '.join(sorted(names)) or 'no names'}")
    return names[name]


def _no_attribute(value: object, kind: type, name: str) -> str:
    if value is None:
        return f"None has no {name}: the value is missing"
    offered = _ATTRIBUTES.get(kind)
    hint = f'; write value["{name}"] for a key' if issubclass(kind, dict) else ""
    return f"{kind.__name__} has no {name} here{hint}" if offered else f"a {kind.__name__} has no names to read here"


def format_literal(template: str, /, *args: Any, **kwargs: Any) -> str:
    """`"…".format(…)` on a literal whose fields the check found plain."""
    return template.format(*map(printable, args), **{name: printable(value) for name, value in kwargs.items()})


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
        "_members_": get_members,
        "_operate_": operate,
        "_printable_": printable,
        "_slice_target_": SliceTarget,
        "_item_place_": item_place,
        "_iter_unpack_sequence_": unpack_each,
        "_unpack_sequence_": unpack,
        "_pass_unstoppable_": pass_unstoppable,
        "_unstoppable_kinds_": unstoppable_kinds,
        "_write_": get_writable,
    }
)
