"""`itertools` for scripts: generators written in Python, for the reason that `builtin_iterators` gives.

The four combinatoric ones first collect their arguments and then run C code over a tuple that no script can reach.
"""

from __future__ import annotations

import itertools
import operator
from collections import deque
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from sandbox.language.run.guards.c_calls import drained
from sandbox.language.run.guards.iteration import get_iterator
from sandbox.language.run.values.facade import Facade

from .builtin_iterators import applied, iterator

_NO_VALUE = object()


def accumulate(iterable: Any, func: Callable[[Any, Any], Any] | None = None, *, initial: Any = None) -> Iterator[Any]:
    add = operator.add if func is None else func
    total = _NO_VALUE if initial is None else initial
    if total is not _NO_VALUE:
        yield total
    for value in get_iterator(iterable):
        total = value if total is _NO_VALUE else add(total, value)
        yield total


def chain(*iterables: Any) -> Iterator[Any]:
    return chain_from_iterable(iterables)


def chain_from_iterable(iterables: Any) -> Iterator[Any]:
    for iterable in get_iterator(iterables):
        for value in get_iterator(iterable):  # noqa: UP028 -- `yield from` would close the script's generator with this one
            yield value


def combinations(iterable: Any, r: int) -> Iterator[tuple[Any, ...]]:
    yield from itertools.combinations(_collected(iterable), r)


def combinations_with_replacement(iterable: Any, r: int) -> Iterator[tuple[Any, ...]]:
    yield from itertools.combinations_with_replacement(_collected(iterable), r)


def compress(data: Any, selectors: Any) -> Iterator[Any]:
    chosen = iterator(selectors)
    for value in get_iterator(data):
        for selector in chosen:
            if selector:
                yield value
            break
        else:
            return


def count(start: Any = 0, step: Any = 1) -> Iterator[Any]:
    if not all(isinstance(number, int | float | Decimal) for number in (start, step)):
        raise TypeError("a number is required")
    return _count(start, step)


def _count(number: Any, step: Any) -> Iterator[Any]:
    while True:
        yield number
        number += step


def cycle(iterable: Any) -> Iterator[Any]:
    values = []
    for value in get_iterator(iterable):
        yield value
        values.append(value)
    while values:
        yield from values


def dropwhile(predicate: Callable[[Any], Any], iterable: Any) -> Iterator[Any]:
    is_begun = False
    for value in get_iterator(iterable):
        is_begun = is_begun or not predicate(value)
        if is_begun:
            yield value


def filterfalse(predicate: Callable[[Any], Any] | None, iterable: Any) -> Iterator[Any]:
    for value in get_iterator(iterable):
        if not (value if predicate is None else predicate(value)):
            yield value


def groupby(iterable: Any, key: Callable[[Any], Any] | None = None) -> Iterator[tuple[Any, Iterator[Any]]]:
    keyed = ((value if key is None else key(value), value) for value in get_iterator(iterable))
    ahead: list[tuple[Any, Any]] = []  # the one pair that was read to detect the end of a group

    def pairs() -> Iterator[tuple[Any, Any]]:
        while True:
            if not ahead:
                for pair in keyed:
                    ahead.append(pair)
                    break
                else:
                    return
            yield ahead.pop()

    def group(wanted: Any) -> Iterator[Any]:
        for found, value in pairs():
            if not (found is wanted or found == wanted):
                ahead.append((found, value))
                return
            yield value

    for found, value in pairs():
        ahead.append((found, value))
        values = group(found)
        yield found, values
        for _ in values:
            pass  # skip what the script did not read


def islice(iterable: Any, *bounds: int | None) -> Iterator[Any]:
    if not 1 <= len(bounds) <= 3:  # stop, or start, stop and step
        raise TypeError("islice(values, stop) or islice(values, start, stop, step)")
    piece = slice(*bounds)
    for name, bound, least in (("start", piece.start, 0), ("stop", piece.stop, 0), ("step", piece.step, 1)):
        if bound is not None and (not isinstance(bound, int) or bound < least):
            raise ValueError(f"islice: the {name} must be None or a whole number from {least}")
    return _islice(iterator(iterable), piece.start or 0, piece.stop, piece.step or 1)


def _islice(values: Iterator[Any], start: int, stop: int | None, step: int) -> Iterator[Any]:
    end = None if stop is None else max(start, stop)
    position, wanted = 0, start
    while end is None or position < end:
        for value in values:
            if position == wanted and (stop is None or position < stop):
                yield value
                wanted += step
            break
        else:
            return
        position += 1


def pairwise(iterable: Any) -> Iterator[tuple[Any, Any]]:
    before = _NO_VALUE
    for value in get_iterator(iterable):
        if before is not _NO_VALUE:
            yield before, value
        before = value


def permutations(iterable: Any, r: int | None = None) -> Iterator[tuple[Any, ...]]:
    yield from itertools.permutations(_collected(iterable), r)


def product(*iterables: Any, repeat: int = 1) -> Iterator[tuple[Any, ...]]:
    yield from itertools.product(*[_collected(each) for each in iterables], repeat=repeat)


def repeat(object: Any, times: int | None = None) -> Iterator[Any]:  # noqa: A002 -- as in the standard library
    number = 0
    while times is None or number < times:
        yield object
        number += 1


def starmap(function: Callable[..., Any], iterable: Any) -> Iterator[Any]:
    return applied(function, (drained(each) for each in get_iterator(iterable)))


def takewhile(predicate: Callable[[Any], Any], iterable: Any) -> Iterator[Any]:
    for value in get_iterator(iterable):
        if not predicate(value):
            return
        yield value


def tee(iterable: Any, n: int = 2) -> tuple[Iterator[Any], ...]:
    values = iterator(iterable)
    if not isinstance(n, int) or n < 0:
        raise ValueError("tee: n must be a whole number from 0")
    queues: list[deque[Any]] = [deque() for _ in range(n)]

    def branch(own: deque[Any]) -> Iterator[Any]:
        while True:
            if not own:
                for value in values:
                    for queue in queues:
                        queue.append(value)
                    break
                else:
                    return
            yield own.popleft()

    return tuple(branch(queue) for queue in queues)


def zip_longest(*iterables: Any, fillvalue: Any = None) -> Iterator[tuple[Any, ...]]:
    iterators = [iterator(each) for each in iterables]
    while True:
        values, ended = [], 0
        for values_of_one in iterators:
            for value in values_of_one:
                values.append(value)
                break
            else:
                values.append(fillvalue)
                ended += 1
        if ended == len(iterators):
            return
        yield tuple(values)


def _collected(iterable: Any) -> tuple[Any, ...]:
    return tuple(drained(get_iterator(iterable)))


ITERTOOLS = MappingProxyType(
    {
        "accumulate": accumulate,
        "chain": Facade("chain", {"from_iterable": chain_from_iterable}, call=chain),
        "combinations": combinations,
        "combinations_with_replacement": combinations_with_replacement,
        "compress": compress,
        "count": count,
        "cycle": cycle,
        "dropwhile": dropwhile,
        "filterfalse": filterfalse,
        "groupby": groupby,
        "islice": islice,
        "pairwise": pairwise,
        "permutations": permutations,
        "product": product,
        "repeat": repeat,
        "starmap": starmap,
        "takewhile": takewhile,
        "tee": tee,
        "zip_longest": zip_longest,
    }
)
