"""`sorted`, `min`, `max` and `list.sort` for scripts, and `cmp_to_key` for these four only.

A script's key function is called before any C code compares, on a copy that the script cannot reach. The result of
`cmp_to_key` cannot be compared outside these functions: a script that supplied `<` or `==` could change a container while
C code compares its contents.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.language.run.guards.c_calls import drained
from sandbox.language.run.guards.iteration import get_iterator

_NO_DEFAULT = object()
Key = Callable[[Any], Any] | None


class Comparison:
    """The result of `cmp_to_key`: a comparison that only `sorted`, `min`, `max` and `list.sort` can use."""

    __slots__ = ("compare",)

    def __init__(self, compare: Callable[[Any, Any], int]) -> None:
        self.compare = compare

    def __repr__(self) -> str:
        return "<cmp_to_key>"


class _ComparedValue:
    __slots__ = ("_compare", "_value")

    def __init__(self, compare: Callable[[Any, Any], int], value: Any) -> None:
        self._compare = compare
        self._value = value

    def __lt__(self, other: _ComparedValue) -> bool:
        return self._compare(self._value, other._value) < 0

    def __gt__(self, other: _ComparedValue) -> bool:
        return self._compare(self._value, other._value) > 0


def cmp_to_key(mycmp: Callable[[Any, Any], int]) -> Comparison:
    """`functools.cmp_to_key`."""
    return Comparison(mycmp)


def sorted_copy(iterable: Any, /, *, key: Key | Comparison = None, reverse: bool = False) -> list[Any]:
    """`sorted`."""
    values = list(drained(get_iterator(iterable)))
    keys = _keys(values, key)
    places = sorted(range(len(values)), key=keys.__getitem__, reverse=reverse)
    return [values[place] for place in places]


def sort(values: list[Any], /, *, key: Key | Comparison = None, reverse: bool = False) -> None:
    """`list.sort`. Like Python, it raises ValueError if the list was changed meanwhile."""
    before = list(values)
    ordered = sorted_copy(before, key=key, reverse=reverse)
    if len(values) != len(before) or any(map(operator.is_not, values, before)):
        raise ValueError("list modified during sort")
    values[:] = ordered


def smallest(*values: Any, key: Key | Comparison = None, default: Any = _NO_DEFAULT) -> Any:
    """`min`."""
    return _pick(min, values, key, default)


def largest(*values: Any, key: Key | Comparison = None, default: Any = _NO_DEFAULT) -> Any:
    """`max`."""
    return _pick(max, values, key, default)


def _pick(choose: Callable[..., int], arguments: tuple[Any, ...], key: Key | Comparison, default: Any) -> Any:
    name = choose.__name__
    if not arguments:
        raise TypeError(f"{name} expected at least 1 argument, got 0")
    if len(arguments) > 1 and default is not _NO_DEFAULT:
        raise TypeError(f"Cannot specify a default for {name}() with multiple positional arguments")
    values = arguments if len(arguments) > 1 else drained(get_iterator(arguments[0]))
    if key is not None:
        values = list(values)
        keys = _keys(values, key)
        values = [values[choose(range(len(values)), key=keys.__getitem__)]] if values else []
    return choose(values) if default is _NO_DEFAULT else choose(values, default=default)


def _keys(values: Sequence[Any], key: Key | Comparison) -> Sequence[Any]:
    if key is None:
        return values
    if type(key) is Comparison:
        return [_ComparedValue(key.compare, value) for value in values]
    if not callable(key):
        raise TypeError(f"'{type(key).__name__}' object is not callable")
    return [key(value) for value in values]
