"""The frozen values of scripts: records with named fields, and dicts and lists that cannot be changed.

A frozen dict is a dict (it equals one, and can be unpacked and written as JSON), but every change to it is refused: by the
guards, which look at the exact type, and again by the class itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NoReturn

#: Characters of one field in the text of a record; of one key, and how many keys, in an error.
_SHOWN_CHARS, _KEY_CHARS, _LISTED_KEYS = 80, 60, 12


def _refuse(_self: object, *_args: object, **_kwargs: object) -> NoReturn:
    raise TypeError("this value is frozen; change a copy of it: .copy()")


class FrozenDict(dict[str, Any]):
    """A dict that scripts can read, iterate, copy and compare; with a label, its errors say what it has."""

    __slots__ = ("_label",)
    _label: str
    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse


class FrozenList(list[Any]):
    """A list that scripts can read, iterate, copy and compare."""

    __slots__ = ()
    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse


def read_key(values: FrozenDict, key: Any) -> Any:
    """`values[key]`. Raises KeyError, and says which keys a dict with a label has."""
    try:
        return values[key]
    except KeyError:
        label = getattr(values, "_label", "")
        if not label or type(key) is not str:
            raise
    keys = sorted(name[:_KEY_CHARS] for name in values)
    known = ", ".join(keys[:_LISTED_KEYS]) + (", …" if len(keys) > _LISTED_KEYS else "")
    raise KeyError(f"{label} has no {key[:_KEY_CHARS]!r}; {label} has: {known or 'nothing'}")


def freeze_labelled(value: Mapping[str, Any], label: str) -> FrozenDict:
    """The same as `freeze`, for a dict that scripts know by a name."""
    frozen = FrozenDict({key: freeze(item) for key, item in value.items()})
    frozen._label = label  # noqa: SLF001 -- its only writer
    return frozen


def freeze(value: Any) -> Any:
    """A copy of plain JSON data in which every dict and list is frozen."""
    if isinstance(value, Mapping):
        return FrozenDict({key: freeze(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return FrozenList(freeze(item) for item in value)
    return value


class Record:
    """Named fields that are read with a dot: the user, the session, the api, a response. Immutable.

    Its text shows the fields that hold data, each cut to a bounded length, so that `print(session)` helps an author.
    """

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
        if self._label == "api":
            return "<api>"
        shown = [f"{name}={_brief(value)}" for name, value in self._fields.items() if not callable(value)]
        return f"{self._label}({', '.join(shown)})"


def _brief(value: Any) -> str:
    """The text of a field's value, which is plain data, cut to a bounded length."""
    value = value[: _SHOWN_CHARS + 1] if type(value) is str else value
    text = repr(value) if isinstance(value, str | dict | list) else str(value)
    return text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS] + "…"


def record_label(record: Record) -> str:
    """What authors call the record."""
    return record._label  # noqa: SLF001 -- as in `read_field`


def first_field(record: Record) -> str:
    """The name of the record's first field."""
    return next(iter(record._fields))


def read_field(record: Record, name: str) -> Any:
    """One field. Raises AttributeError for an unknown name, with a list of the fields."""
    fields, label = record._fields, record._label  # noqa: SLF001 -- the one reader
    if name in fields:
        return fields[name]
    hint = f'; for other data write {label}.attributes.get("{name}")' if "attributes" in fields else ""
    raise AttributeError(f"{label} has no {name}; it has {', '.join(sorted(fields))}{hint}")
