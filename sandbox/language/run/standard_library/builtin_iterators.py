"""`map`, `filter`, `zip` and Python's other lazy functions for scripts: generators written in Python.

CPython's own are C iterators that run a script's code in the middle of their work and can be re-entered by it, which has
led to the use of freed memory. A running generator refuses re-entry by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sandbox.language.run.guards.iteration import get_iterator


def iterator(value: Any) -> Iterator[Any]:
    """`iter(value)`, for values that a script may iterate over."""
    return iter(get_iterator(value))


def advance(values: Any, /, *default: Any) -> Any:
    """`next`."""
    if len(default) > 1:
        raise TypeError(f"next expected at most 2 arguments, got {len(default) + 1}")
    return next(values, *default)


def is_any(values: Any, /) -> bool:
    """`any`: stops at the first true value."""
    for value in get_iterator(values):  # noqa: SIM110 -- `any` would be C code that runs the generator
        if value:
            return True
    return False


def is_all(values: Any, /) -> bool:
    """`all`: stops at the first false value."""
    for value in get_iterator(values):  # noqa: SIM110 -- as above
        if not value:
            return False
    return True


def mapped(function: Any, /, *iterables: Any) -> Iterator[Any]:
    """`map`."""
    if not iterables:
        raise TypeError("map() must have at least two arguments")
    if len(iterables) == 1:
        return _mapped(function, iterator(iterables[0]))
    return applied(function, zipped(*iterables))


def _mapped(function: Callable[..., Any], values: Iterator[Any]) -> Iterator[Any]:
    for value in values:
        try:
            result = function(value)
        except (
            StopIteration
        ):  # ends it, as it ends Python's own map; raised from a generator it would become a RuntimeError
            return
        yield result


def applied(function: Callable[..., Any], arguments: Iterator[Any]) -> Iterator[Any]:
    """The results of the function for each tuple of arguments."""
    return _mapped(lambda each: function(*each), arguments)


def filtered(function: Any, values: Any, /) -> Iterator[Any]:
    """`filter`; without a function it yields the true values."""
    return _filtered(bool if function is None else function, iterator(values))


def _filtered(function: Callable[[Any], Any], values: Iterator[Any]) -> Iterator[Any]:
    for value in values:
        try:
            chosen = function(value)
        except StopIteration:  # as in `map`
            return
        if chosen:
            yield value


def zipped(*iterables: Any, strict: bool = False) -> Iterator[tuple[Any, ...]]:
    """`zip`."""
    iterators = [iterator(each) for each in iterables]
    return _zipped(iterators, strict) if iterators else iter(())


def _zipped(iterators: Sequence[Iterator[Any]], strict: bool) -> Iterator[tuple[Any, ...]]:  # noqa: FBT001 -- one caller
    while True:
        values: list[Any] = []
        for values_of_one in iterators:
            for value in values_of_one:
                values.append(value)
                break
            else:
                break
        if len(values) < len(iterators):
            break
        yield tuple(values)
    if strict:
        _refuse_uneven(iterators, len(values))


def _refuse_uneven(iterators: Sequence[Iterator[Any]], ended: int) -> None:
    """Raise ValueError if not all iterators end together; `ended` is the index of the first one that ended."""
    if ended:
        raise ValueError(f"zip() argument {ended + 1} is shorter than argument{_previous_arguments(ended)}")
    for place, values in enumerate(iterators[1:], start=1):
        for _ in values:
            raise ValueError(f"zip() argument {place + 1} is longer than argument{_previous_arguments(place)}")


def _previous_arguments(place: int) -> str:
    return " 1" if place == 1 else f"s 1-{place}"


def enumerated(iterable: Any, start: int = 0) -> Iterator[tuple[int, Any]]:
    """`enumerate`."""
    if not isinstance(start, int):
        raise TypeError("enumerate(values, start): the start must be a whole number")
    return _enumerated(iterator(iterable), start)


def _enumerated(values: Iterator[Any], number: int) -> Iterator[tuple[int, Any]]:
    for value in values:
        yield number, value
        number += 1


def backwards(values: Any, /) -> Iterator[Any]:
    """`reversed`, of a copy if the value can change: reverse iterators of dicts read past the end of a table that shrank."""
    backwards = reversed(get_iterator(values))
    return _each(backwards if type(values) in _IMMUTABLE else iter(list(backwards)))


_IMMUTABLE: frozenset[type] = frozenset({str, bytes, tuple, range})


def _each(values: Iterator[Any]) -> Iterator[Any]:
    yield from values


LAZY_BUILTINS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "all": is_all,
        "any": is_any,
        "enumerate": enumerated,
        "filter": filtered,
        "iter": iterator,
        "map": mapped,
        "next": advance,
        "reversed": backwards,
        "zip": zipped,
    }
)
