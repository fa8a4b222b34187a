"""Methods of containers that take values from an iterator: one at a time, as Python does, and written in Python.

An honest generator may read the container that it fills (`out.extend(x for x in rows if x not in out)`), or need not be
read to its end (`wanted.isdisjoint(…)`), so it is not drained first.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from types import GeneratorType, MappingProxyType
from typing import Any

from .c_calls import drained


def extend(values: list[Any] | deque[Any], iterable: Any, /) -> None:
    """`list.extend` and `deque.extend`."""
    if type(iterable) is not GeneratorType:
        values.extend(drained(iterable))
        return
    for value in iterable:
        values.append(value)


def extend_left(values: deque[Any], iterable: Any, /) -> None:
    """`deque.extendleft`."""
    if type(iterable) is not GeneratorType:
        values.extendleft(drained(iterable))
        return
    for value in iterable:
        values.appendleft(value)


def add_all(members: set[Any], /, *iterables: Any) -> None:
    """`set.update`."""
    for iterable in iterables:
        if type(iterable) is not GeneratorType:
            members.update(iterable)  # the order in which a set copies members shows in no text
            continue
        for value in iterable:
            members.add(value)


def is_disjoint(members: set[Any] | frozenset[Any], iterable: Any, /) -> bool:
    """`set.isdisjoint`: stops at the first common member."""
    if type(iterable) is not GeneratorType:
        return members.isdisjoint(iterable)
    for value in iterable:  # noqa: SIM110 -- `all` would be C code that runs the generator
        if value in members:
            return False
    return True


def is_superset(members: set[Any] | frozenset[Any], iterable: Any, /) -> bool:
    """`set.issuperset`: stops at the first value that is not a member."""
    if type(iterable) is not GeneratorType:
        return members.issuperset(iterable)
    for value in iterable:  # noqa: SIM110 -- as above
        if value not in members:
            return False
    return True


#: (type, method name) -> the method that scripts get.
CONTAINER_METHODS: Mapping[tuple[type, str], Callable[..., Any]] = MappingProxyType(
    {
        (list, "extend"): extend,
        (deque, "extend"): extend,
        (deque, "extendleft"): extend_left,
        (set, "update"): add_all,
        (set, "isdisjoint"): is_disjoint,
        (set, "issuperset"): is_superset,
        (frozenset, "isdisjoint"): is_disjoint,
        (frozenset, "issuperset"): is_superset,
    }
)
