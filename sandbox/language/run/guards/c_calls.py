"""Calls from a script into C code and the standard library, so that these never run the script's code.

CPython's C code has memory faults when it calls back into Python and is entered again before it has ended; new ones are
published every month. So a generator, the only iterator that runs code of a script, is read to its end before C code
sees it, and whatever takes a function (sorting, `re.sub`, hooks of JSON) is written in Python in this package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import GeneratorType
from typing import Any

from sandbox.language.run.values.facade import named
from sandbox.language.run.values.value_text import printable

from .set_order import in_order

_LAZY: frozenset[type] = frozenset({GeneratorType, set, frozenset})
#: In the text of every value that may show an address or the order of a set.
_MARKS = ("<", "{")


def drained(value: Any) -> Any:
    """The value as C code may go through it: a generator as a list, a set in an order that tells no address."""
    kind = type(value)
    if kind is GeneratorType:
        return [item for item in value]  # noqa: C416 -- `list(value)` would be C code that runs the generator
    return in_order(value) if kind in _LAZY else value


def safe_c_function(function: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """The function for scripts: its arguments are drained, and neither its text nor its errors show an address."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if not _LAZY.isdisjoint(map(type, args)):
            args = tuple(
                [drained(value) for value in args]
            )  # a list first: `tuple(map(…))` would be C code that drains
        if kwargs:
            kwargs = {word: drained(value) for word, value in kwargs.items()}
        try:
            return function(*args, **kwargs)
        except Exception as error:
            _silence(error, (*args, *kwargs.values()))
            raise

    return named(name, call) if name else call


def without_error_text(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that goes through nothing, but writes its argument into its errors."""

    def call(*args: Any) -> Any:
        try:
            return function(*args)
        except Exception as error:
            _silence(error, args)
            raise

    return call


def _silence(error: Exception, values: Iterable[Any]) -> None:
    """Take the text from an error that may hold the text of a value as C code writes it."""
    is_marked = any(mark in part for part in error.args if type(part) is str for mark in _MARKS)
    if is_marked and any(printable(value) is not value for value in values):
        error.args = ("an argument is wrong, and it has no text",)
