"""The frozen values of scripts: records with named fields, and dicts and lists that cannot be changed.

A frozen dict is a dict (it equals one, and can be unpacked and written as JSON), but every change to it is refused: by the
guards, which look at the exact type, and again by the class itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NoReturn


def _refuse(_self: object, *_args: object, **_kwargs: object) -> NoReturn:
    raise TypeError("this value is frozen; change a copy of it: .copy()")


class FrozenDict(dict[str, Any]):
    """A dict that scripts can read, iterate, copy and compare."""

    __slots__ = ()
    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


class FrozenList(list[Any]):
    """A list that scripts can read, iterate, copy and compare."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse


def freeze(value: Any) -> Any:
    """A copy of plain JSON data in which every dict and list is frozen."""
    if isinstance(value, Mapping):
        return FrozenDict({key: freeze(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return FrozenList(freeze(item) for item in value)
    return value


class Record:
    """Named fields that are read with a dot: the user, the session, the api, a response. Immutable."""

    __slots__ = ("_fields", "_label")
    _fields: Mapping[str, Any]
    _label: str

    def __init__(self, label: str, fields: Mapping[str, Any]) -> None:
        object.__setattr__(self, "_label", label)
        object.__setattr__(self, "_fields", MappingProxyType(dict(fields)))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a record is frozen")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError("a record is frozen")

    def __repr__(self) -> str:
        return f"<{self._label}>"


def read_field(record: Record, name: str) -> Any:
    """One field. Raises AttributeError for an unknown name, with a list of the fields."""
    fields, label = record._fields, record._label  # noqa: SLF001 -- the one reader
    if name in fields:
        return fields[name]
    hint = f'; for other data write {label}.attributes.get("{name}")' if "attributes" in fields else ""
    raise AttributeError(f"{label} has no {name}; it has {', '.join(sorted(fields))}{hint}")
