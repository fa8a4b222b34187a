"""Sorting and choosing as scripts get them: `sorted`, `min`, `max`, `list.sort`, and `cmp_to_key` for these four only.

A script's key function is called before any C code compares, on a copy that the script cannot reach. What `cmp_to_key`
makes is no value that can be compared outside: a script that supplied `<` or `==` could change a container while C code
compares what is in it.
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
    """What `cmp_to_key` gives a script: a comparison that only `sorted`, `min`, `max` and `list.sort` can use."""

    __slots__ = ("compare",)

    def __init__(self, compare: Callable[[Any, Any], int]) -> None:
        self.compare = compare

    def __repr__(self) -> str:
        return "<cmp_to_key>"


class _Compared:
    __slots__ = ("_compare", "_value")

    def __init__(self, compare: Callable[[Any, Any], int], value: Any) -> None:
        self._compare = compare
        self._value = value

    def __lt__(self, other: _Compared) -> bool:
        return self._compare(self._value, other._value) < 0

    def __gt__(self, other: _Compared) -> bool:
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
    """`list.sort`. Raises ValueError if the list was changed meanwhile, as Python does."""
    before = list(values)
    ordered = sorted_copy(before, key=key, reverse=reverse)
    if len(values) != len(before) or any(map(operator.is_not, values, before)):
        raise ValueError("list modified during sort")
    values[:] = ordered


def smallest(*values: Any, key: Key | Comparison = None, default: Any = _NO_DEFAULT) -> Any:
    """`min`."""
    return _chosen(min, values, key, default)


def largest(*values: Any, key: Key | Comparison = None, default: Any = _NO_DEFAULT) -> Any:
    """`max`."""
    return _chosen(max, values, key, default)


def _chosen(choose: Callable[..., int], given: tuple[Any, ...], key: Key | Comparison, default: Any) -> Any:
    name = choose.__name__
    if not given:
        raise TypeError(f"{name} expected at least 1 argument, got 0")
    if len(given) > 1 and default is not _NO_DEFAULT:
        raise TypeError(f"Cannot specify a default for {name}() with multiple positional arguments")
    values = given if len(given) > 1 else drained(get_iterator(given[0]))
    if key is not None:
        values = list(values)
        keys = _keys(values, key)
        values = [values[choose(range(len(values)), key=keys.__getitem__)]] if values else []
    return choose(values) if default is _NO_DEFAULT else choose(values, default=default)


def _keys(values: Sequence[Any], key: Key | Comparison) -> Sequence[Any]:
    if key is None:
        return values
    if type(key) is Comparison:
        return [_Compared(key.compare, value) for value in values]
    if not callable(key):
        raise TypeError(f"'{type(key).__name__}' object is not callable")
    return [key(value) for value in values]
