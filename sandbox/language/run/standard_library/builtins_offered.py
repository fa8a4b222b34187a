"""Python's built-in names for scripts: functions, types as facades, errors as classes."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.language.offered import BUILTIN_NAMES, EXCEPTION_NAMES, TYPE_NAMES
from sandbox.language.run.guards.c_calls import safe_c_function
from sandbox.language.run.guards.dict_functions import from_keys, make_dict
from sandbox.language.run.values.facade import Facade, is_instance, named
from sandbox.language.run.values.frozen import FrozenDict, FrozenList
from sandbox.language.run.values.named_tuples import NamedTuple, NamedTupleType, kind_of
from sandbox.language.run.values.value_text import formatted, printable, representation_of

from .builtin_iterators import LAZY_BUILTINS
from .encodings_offered import make_bytes, make_text
from .sorting import largest, smallest, sorted_copy


def _is_instance(value: object, kinds: object, /) -> bool:
    """`isinstance`, also for the types of named tuples."""
    if type(kinds) is tuple:
        return any(_is_instance(value, kind) for kind in kinds)
    if type(kinds) is NamedTupleType:
        return type(value) is NamedTuple and kind_of(value) is kinds
    return is_instance(value, kinds)


def _ascii(value: Any, /) -> str:
    return ascii(printable(value))


_REPLACED: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        **LAZY_BUILTINS,
        "ascii": _ascii,
        "bytes": make_bytes,
        "dict": make_dict,
        "format": formatted,
        "isinstance": _is_instance,
        "max": largest,
        "min": smallest,
        "repr": representation_of,
        "sorted": sorted_copy,
        "str": make_text,
    }
)
#: These do not iterate over their arguments: scripts get them unwrapped.
_DIRECT = frozenset(
    ["abs", "bin", "bool", "callable", "chr", "divmod", "float", "hex", "int", "len", "oct", "ord", "range", "round"]
)
_REPLACED_MEMBERS: Mapping[str, Callable[..., Any]] = MappingProxyType({"dict.fromkeys": from_keys})
_KINDS: Mapping[str, tuple[type, ...]] = MappingProxyType({"dict": (dict, FrozenDict), "list": (list, FrozenList)})


def _build(name: str) -> Any:
    original = getattr(builtins, name)
    if name in _REPLACED:
        call = named(name, _REPLACED[name])
    else:
        call = original if name in _DIRECT else safe_c_function(original, name)
    if not isinstance(original, type) or name in LAZY_BUILTINS:
        return call
    members = {member: _member(f"{name}.{member}", getattr(original, member)) for member in TYPE_NAMES.get(name, ())}
    return Facade(name, members, call=call, kinds=_KINDS.get(name, (original,)))


def _member(name: str, original: Any) -> Any:
    return named(name, _REPLACED_MEMBERS[name]) if name in _REPLACED_MEMBERS else safe_c_function(original, name)


#: A script may catch these errors, but not make them: CPython before 3.14 writes the text of one without checking that its
#: positions are inside its bytes, and so reads the memory before them. As `UnicodeError` they catch at least as much.
_ERROR_SUBSTITUTES: Mapping[str, type[Exception]] = MappingProxyType(
    {"UnicodeDecodeError": UnicodeError, "UnicodeEncodeError": UnicodeError}
)

#: All except `print`, which belongs to a run.
SCRIPT_BUILTINS: Mapping[str, Any] = MappingProxyType(
    {
        **{name: _build(name) for name in BUILTIN_NAMES if name != "print"},
        **{name: _ERROR_SUBSTITUTES.get(name) or getattr(builtins, name) for name in EXCEPTION_NAMES},
    }
)
