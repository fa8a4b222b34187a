"""`functools` for scripts: functions written in Python, so that no C code calls a script's function."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

from sandbox.language.run.values.facade import named

from .builtin_iterators import iterator
from .sorting import cmp_to_key


def partial(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Callable[..., Any]:
    if not callable(function):
        raise TypeError("the first argument must be callable")

    def call(*more: Any, **changed: Any) -> Any:
        return function(*args, *more, **{**kwargs, **changed})

    return named("partial", call)


def reduce(function: Callable[[Any, Any], Any], iterable: Any, /, *initial: Any) -> Any:
    if len(initial) > 1:
        raise TypeError(f"reduce expected at most 3 arguments, got {len(initial) + 2}")
    values = iterator(iterable)
    totals = list(initial)
    for value in values:
        totals = [function(totals[0], value)] if totals else [value]
    if not totals:
        raise TypeError("reduce() of empty iterable with no initial value")
    return totals[0]


FUNCTOOLS = MappingProxyType({"cmp_to_key": cmp_to_key, "partial": partial, "reduce": reduce})
