"""`map`, `filter`, `zip` and the other lazy functions of Python as scripts get them: generators written in Python.

CPython's own are C iterators that run a script's code in the middle of their work and may be entered again by it, which
has ended in freed memory being used. A generator which is running refuses that by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sandbox.language.run.guards.iteration import get_iterator


def iterator(value: Any) -> Iterator[Any]:
    """`iter(value)`, for what a script may go through."""
    return iter(get_iterator(value))


def advance(values: Any, /, *default: Any) -> Any:
    """`next`."""
    if len(default) > 1:
        raise TypeError(f"next expected at most 2 arguments, got {len(default) + 1}")
    return next(values, *default)


def is_any(values: Any, /) -> bool:
    """`any`: ends at the first true one."""
    for value in get_iterator(values):  # noqa: SIM110 -- `any` would be C code that runs the generator
        if value:
            return True
    return False


def is_all(values: Any, /) -> bool:
    """`all`: ends at the first false one."""
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
        except StopIteration:  # ends it, as it ends Python's own; out of a generator it would be a RuntimeError
            return
        yield result


def applied(function: Callable[..., Any], arguments: Iterator[Any]) -> Iterator[Any]:
    """What the function gives for each tuple of arguments."""
    return _mapped(lambda each: function(*each), arguments)


def filtered(function: Any, values: Any, /) -> Iterator[Any]:
    """`filter`; without a function the true values."""
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
    """`ended` is the place of the first iterator which had no more values."""
    if ended:
        raise ValueError(f"zip() argument {ended + 1} is shorter than argument{_before(ended)}")
    for place, values in enumerate(iterators[1:], start=1):
        for _ in values:
            raise ValueError(f"zip() argument {place + 1} is longer than argument{_before(place)}")


def _before(place: int) -> str:
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
    """`reversed`, of a copy if the value can change: the reverse iterators of dicts read behind a table that shrank."""
    backwards = reversed(get_iterator(values))
    return _each(backwards if type(values) in _UNCHANGING else iter(list(backwards)))


_UNCHANGING: frozenset[type] = frozenset({str, bytes, tuple, range})


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
