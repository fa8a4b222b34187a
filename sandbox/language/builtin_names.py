"""Python's own names as scripts get them: functions as they are, types as facades, errors as classes."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from .encodings_offered import make_bytes, make_text
from .facade import Facade, is_instance, named
from .frozen import FrozenDict, FrozenList
from .guards import get_iterator
from .offered import BUILTIN_NAMES, EXCEPTION_NAMES, TYPE_NAMES


def _iterator(value: Any) -> Any:
    return iter(get_iterator(value))


_REPLACED: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "bytes": named("bytes", make_bytes),
        "isinstance": named("isinstance", is_instance),
        "iter": named("iter", _iterator),
        "str": named("str", make_text),
    }
)
_KINDS: Mapping[str, tuple[type, ...]] = MappingProxyType({"dict": (dict, FrozenDict), "list": (list, FrozenList)})


def _build(name: str) -> Any:
    original = getattr(builtins, name)
    call = _REPLACED.get(name, original)
    if not isinstance(original, type):
        return call
    members = {member: getattr(original, member) for member in TYPE_NAMES.get(name, ())}
    return Facade(name, members, call=call, kinds=_KINDS.get(name, (original,)))


#: A script may catch these, but not make them: CPython before 3.14 writes a text about one without looking whether its
#: positions are in its bytes, and so reads the memory before them. As `UnicodeError` they catch at least as much.
_STANDS_FOR: Mapping[str, type[Exception]] = MappingProxyType(
    {"UnicodeDecodeError": UnicodeError, "UnicodeEncodeError": UnicodeError}
)

#: Everything but `print`, which belongs to a run.
STANDING_BUILTINS: Mapping[str, Any] = MappingProxyType(
    {
        **{name: _build(name) for name in BUILTIN_NAMES if name != "print"},
        **{name: _STANDS_FOR.get(name) or getattr(builtins, name) for name in EXCEPTION_NAMES},
    }
)
