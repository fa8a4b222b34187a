"""Makes calls from a script into C code and the standard library, so that these never run the script's code.

CPython's C code has memory faults when it calls back into Python and is re-entered before it has finished; new ones are
published every month. So a generator, the only iterator that runs a script's code, is read to its end before C code
sees it, and whatever takes a function (sorting, `re.sub`, hooks of JSON) is written in Python in this package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import GeneratorType
from typing import Any

from sandbox.language.run.values.facade import named
from sandbox.language.run.values.value_text import printable

from .set_order import in_order

_DRAINED_TYPES: frozenset[type] = frozenset({GeneratorType, set, frozenset})
#: The text of every value that may show an address or the order of a set contains one of these.
_SUSPICIOUS_CHARACTERS = ("<", "{")


def drained(value: Any) -> Any:
    """The value as C code may iterate over it: a generator as a list, a set in an order that reveals no address."""
    kind = type(value)
    if kind is GeneratorType:
        return [item for item in value]  # noqa: C416 -- `list(value)` would be C code that runs the generator
    return in_order(value) if kind in _DRAINED_TYPES else value


def safe_c_function(function: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """Wrap a function for scripts: its arguments are drained, and neither its text nor its errors show an address."""

    def call(*args: Any, **kwargs: Any) -> Any:
        if not _DRAINED_TYPES.isdisjoint(map(type, args)):
            # a list first: `tuple(map(…))` would be C code that drains
            args = tuple([drained(value) for value in args])
        if kwargs:
            kwargs = {word: drained(value) for word, value in kwargs.items()}
        try:
            return function(*args, **kwargs)
        except Exception as error:
            _remove_text(error, (*args, *kwargs.values()))
            raise

    return named(name, call) if name else call


def without_error_text(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function that does not iterate over its argument but writes it into its errors."""

    def call(*args: Any) -> Any:
        try:
            return function(*args)
        except Exception as error:
            _remove_text(error, args)
            raise

    return call


def _remove_text(error: Exception, values: Iterable[Any]) -> None:
    """Remove the text of an error that may contain a value as C code writes it."""
    is_marked = any(mark in part for part in error.args if type(part) is str for mark in _SUSPICIOUS_CHARACTERS)
    if is_marked and any(printable(value) is not value for value in values):
        error.args = ("an argument is wrong; its text cannot be shown",)
