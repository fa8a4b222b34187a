"""`collections.namedtuple` for scripts: tuples whose elements have names, all of one class, without a class for each.

Python's own makes a class from text that it evaluates, and a script must get no class. Names are read through the guard of
attributes, and there are no names with an underscore: a changed copy is made by calling the function again.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Sequence
from typing import Any, Self

from .facade import Facade

MAX_FIELDS, MAX_NAME = 100, 80


class NamedTupleType:
    """What `namedtuple` returns: a call of it makes a tuple with these names. Immutable."""

    __slots__ = ("_defaults", "_label", "_names")
    _defaults: tuple[Any, ...]
    _label: str
    _names: tuple[str, ...]

    def __init__(self, label: str, names: tuple[str, ...], defaults: tuple[Any, ...]) -> None:
        object.__setattr__(self, "_label", label)
        object.__setattr__(self, "_names", names)
        object.__setattr__(self, "_defaults", defaults)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a named tuple's type is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a named tuple's type is frozen")

    def __call__(self, /, *values: Any, **named: Any) -> NamedTuple:
        """A tuple of these values. Raises TypeError, as a function with these parameters does."""
        label, names = self._label, self._names
        if len(values) > len(names):
            raise TypeError(f"{label}() takes {len(names)} values, and {len(values)} are given")
        found = dict(zip(names, values, strict=False))
        for name, value in named.items():
            if name not in names:
                raise TypeError(f"{label}() has no field {name[:MAX_NAME]!r}; it has: {', '.join(names)}")
            if name in found:
                raise TypeError(f"{label}() gets the field {name} twice")
            found[name] = value
        for name, value in zip(names[len(names) - len(self._defaults) :], self._defaults, strict=True):
            found.setdefault(name, value)
        missing = [name for name in names if name not in found]
        if missing:
            raise TypeError(f"{label}() needs a value for {', '.join(missing)}")
        return NamedTuple(self, [found[name] for name in names])

    def __repr__(self) -> str:
        return f"<{self._label}>"


class NamedTuple(tuple[Any, ...]):  # noqa: SLOT001 - a tuple has no room for one
    """A tuple whose elements have names."""

    _kind: NamedTupleType

    def __new__(cls, kind: NamedTupleType, values: Iterable[Any]) -> Self:
        """Make one of a kind."""
        made = super().__new__(cls, values)
        made._kind = kind
        return made

    def __repr__(self) -> str:
        return written(self, [repr(value) for value in self])


def written(value: NamedTuple, texts: Sequence[str]) -> str:
    """The text of a named tuple whose elements have these texts."""
    kind = value._kind  # noqa: SLF001 - this module's own
    pairs = zip(kind._names, texts, strict=True)  # noqa: SLF001 - as above
    return f"{kind._label}({', '.join(f'{name}={text}' for name, text in pairs)})"  # noqa: SLF001 - as above


def kind_of(value: NamedTuple) -> NamedTupleType:
    """The type that made it."""
    return value._kind  # noqa: SLF001 - its one reader


def label_of(kind: NamedTupleType) -> str:
    """The name that the script gave to the type."""
    return kind._label  # noqa: SLF001 - its one reader


def has_field(value: NamedTuple, name: str) -> bool:
    """Whether an element has this name."""
    return name in value._kind._names  # noqa: SLF001 - as above


def read_element(value: NamedTuple, name: str) -> Any:
    """`value.name`. Raises AttributeError, and says which names there are."""
    kind = value._kind  # noqa: SLF001 - as above
    names = kind._names  # noqa: SLF001 - as above
    if name in names:
        return value[names.index(name)]
    raise AttributeError(f"{kind._label} has no {name}; it has {', '.join(names) or 'no fields'}")  # noqa: SLF001 - as above


def named_tuple(typename: str, field_names: Any, *, defaults: Any = None) -> NamedTupleType:
    """`collections.namedtuple`."""
    names = field_names.replace(",", " ").split() if type(field_names) is str else field_names
    if type(names) not in {list, tuple} or len(names) > MAX_FIELDS:
        raise TypeError(f"namedtuple(name, fields): the fields must be a text or a list of at most {MAX_FIELDS} names")
    for name in (typename, *names):
        if type(name) is not str or not _is_field(name):
            raise ValueError("namedtuple: names must be letters, digits and _, and not begin with a digit or _")
    if len(set(names)) < len(names):
        raise ValueError("namedtuple: a field is named twice")
    if defaults is not None and type(defaults) not in {list, tuple}:
        raise TypeError("namedtuple: the defaults must be a list or a tuple")
    values = tuple(defaults or ())
    if len(values) > len(names):
        raise TypeError("namedtuple: there are more defaults than fields")
    return NamedTupleType(typename, tuple(names), values)


def _is_field(name: str) -> bool:
    is_plain = name.isascii() and name.isidentifier() and not name.startswith("_")
    return is_plain and not keyword.iskeyword(name) and len(name) <= MAX_NAME


NAMED_TUPLE = Facade("namedtuple", call=named_tuple)
