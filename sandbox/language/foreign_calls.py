"""Calls from a script into C code and the standard library, so that these never run the script's code.

CPython's C code has memory faults when it calls back into Python and is entered again before it has ended; new ones are
published every month. So a generator, the only iterator that runs code of a script, is read to its end before C code
sees it, and whatever takes a function (sorting, `re.sub`, hooks of JSON) is written in Python in this package.
"""

from __future__ import annotations

from collections.abc import Callable
from types import GeneratorType
from typing import Any

from .facade import named
from .set_order import in_order

_LAZY: frozenset[type] = frozenset({GeneratorType, set, frozenset})


def drained(value: Any) -> Any:
    """The value as C code may go through it: a generator as a list, a set in an order that tells no address."""
    kind = type(value)
    if kind is GeneratorType:
        return [item for item in value]  # noqa: C416 -- `list(value)` would be C code that runs the generator
    return in_order(value) if kind in _LAZY else value


def foreign(function: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """The function for scripts: its arguments are drained, and its text shows no address."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if not _LAZY.isdisjoint(map(type, args)):
            args = tuple(map(drained, args))
        if kwargs:
            kwargs = {word: drained(value) for word, value in kwargs.items()}
        return function(*args, **kwargs)

    return named(name, call) if name else call
