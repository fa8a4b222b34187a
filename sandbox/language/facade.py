"""What stands for a module or a type in a script: a frozen object whose public surface is an explicit table.

Scripts never get a module or a class, because both lead on: `str.mro()` to `object`, a module to its imports. A
facade is only called, read by name through the guard, or given to `isinstance`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any


class Facade:
    """Immutable. `names` is what a script reads from it, `kinds` what `isinstance` accepts for it."""

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
            raise TypeError(f"{self._label} is a module and cannot be called")
        return self._call(*args, **kwargs)

    def __or__(self, other: object) -> tuple[object, ...]:
        return (self, other)

    def __ror__(self, other: object) -> tuple[object, ...]:
        return (other, self)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a facade is frozen")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a facade is frozen")

    def __repr__(self) -> str:
        return f"<{self._label}>"


def names_of(facade: Facade) -> Mapping[str, Any]:
    """What a script may read from a facade."""
    return facade._names  # noqa: SLF001 -- the one reader; a public property would be one more thing to guard


def kinds_of(facade: Facade) -> tuple[type, ...]:
    """The classes which a facade stands for in `isinstance`."""
    return facade._kinds  # noqa: SLF001 -- as above


def is_instance(value: object, kinds: object) -> bool:
    """`isinstance` for scripts: facades, error classes, `None` and tuples of them."""
    if type(kinds) is tuple:
        return any(is_instance(value, kind) for kind in kinds)
    if type(kinds) is Facade and kinds_of(kinds):
        return isinstance(value, kinds_of(kinds))
    if kinds is None:
        return value is None
    if isinstance(kinds, type) and issubclass(kinds, Exception):
        return isinstance(value, kinds)
    raise TypeError("isinstance() wants a type such as str, or a tuple of types")
