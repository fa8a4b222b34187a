"""Facades: frozen objects that represent a module or a type in a script, with an explicit table of names.

Scripts never get a module or a class, because both give access to more: `str.mro()` to `object`, a module to its imports.
A facade can only be called, read by name through the guard, or passed to `isinstance`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType, UnionType
from typing import Any


class Facade:
    """A frozen module or type: `names` are the names that a script can read, `kinds` the classes that it means in `isinstance`."""

    __slots__ = ("_call", "_kinds", "_label", "_names")
    _call: Callable[..., Any] | None
    _kinds: tuple[type, ...]
    _label: str
    _names: Mapping[str, Any]

    def __init__(
        self,
        label: str,
        names: Mapping[str, Any] = MappingProxyType({}),
        *,
        call: Callable[..., Any] | None = None,
        kinds: tuple[type, ...] = (),
    ) -> None:
        set_field = object.__setattr__
        set_field(self, "_label", label)
        set_field(self, "_names", MappingProxyType(dict(names)))
        set_field(self, "_call", call)
        set_field(self, "_kinds", kinds)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:  # noqa: D102 -- a special method
        if self._call is None:
            raise TypeError(f"{self._label} cannot be called")
        return self._call(*args, **kwargs)

    def __or__(self, other: object) -> Facade:
        return Facade("types", kinds=(*_kinds_in(self), *_kinds_in(other)))

    def __ror__(self, other: object) -> Facade:
        return self | other

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a facade is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a facade is frozen")

    def __repr__(self) -> str:
        return f"<{self._label}>"


def named(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Set the name by which authors know the function: Python shows it when arguments are wrong. Return the function."""
    function.__name__ = name.rpartition(".")[2]
    function.__qualname__ = name
    return function


def names_of(facade: Facade) -> Mapping[str, Any]:
    """What a script may read from a facade."""
    return facade._names  # noqa: SLF001 -- the one reader; a public property would be one more thing to guard


def kinds_of(facade: Facade) -> tuple[type, ...]:
    """The classes that a facade means in `isinstance`."""
    return facade._kinds  # noqa: SLF001 -- as above


def is_instance(value: object, kinds: object) -> bool:
    """`isinstance` for scripts: facades, error classes, `None` and tuples of them."""
    return isinstance(value, _kinds_in(kinds))


def _kinds_in(kinds: object) -> tuple[type, ...]:
    if type(kinds) is tuple:
        return tuple(found for kind in kinds for found in _kinds_in(kind))
    if type(kinds) is Facade and kinds_of(kinds):
        return kinds_of(kinds)
    if kinds is None:
        return (type(None),)
    if isinstance(kinds, type) and issubclass(kinds, Exception):
        return (kinds,)
    if type(kinds) is UnionType:
        return _kinds_in(kinds.__args__)
    raise TypeError("isinstance needs a type, for example str, or a tuple of types")
