"""Moves from what a run compared: give one side, where it came from, the value of the other, or one just beside it.

For sums, products, differences of times and all else that a run computed, the distance between the sides is added to what
it was probably computed from.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final, TypeVar

from runner.trials.explore.read_values import (
    ReadValues,
    Source,
    like,
    number_of,
    seconds_between,
    shifted,
    with_text,
)
from runner.trials.explore.scene import NOTHING, Edit
from sandbox import NotedComparison, NotedValue

from .move import Goal, Move, move, own_text

T = TypeVar("T")

#: Seconds by which a number in a script may be counted: it may be minutes, hours, days, weeks, months or years.
_UNITS: Final = (1, 60, 3600, 86400, 604800, 2_629_800, 31_557_600)
_MOST_MONTHS: Final = 12  #: a larger distance is not taken for weeks, months or years
#: Relation of the left side to the right one -> what to add to the right value to get there.
_STEPS: Final = {"=": 0, "<": -1, ">": 1}
_MOST_SOURCES: Final = 6
_MOST_MEMBERS: Final = 8
_FIRST, _SECOND, _GUESS = 0.0, 1.0, 3.0


def comparison_moves(noted: NotedComparison, values: ReadValues) -> Iterator[Move]:
    """The moves towards other outcomes of one comparison."""
    if noted.name == "Truth":
        yield from _truth_moves(noted, values)
    elif noted.name in ("In", "NotIn"):
        yield from _membership_moves(noted, values)
    elif noted.name in ("StartsWith", "EndsWith", "Match"):
        yield from _text_check_moves(noted, values)
    else:
        yield from _relation_moves(noted, values)


def _goal(noted: NotedComparison, how: str) -> Goal:
    return ("comparison", noted.site, noted.name, how)


def _relation_moves(noted: NotedComparison, values: ReadValues) -> Iterator[Move]:
    found = False
    for turned in (False, True):
        for source in _few(values.sources(noted.right if turned else noted.left)):
            found = True
            yield from _towards(noted, source, values, turned=turned)
    if not found or noted.left.kind in ("number", "moment", "seconds", "day"):
        yield from _distance_moves(noted, values, _GUESS if found else _SECOND)
    yield from _missing_key_moves(noted, values)
    if not found and noted.right.kind == "text":
        for source in _few(values.read_leaves(str)):
            yield move(_GUESS + 1, source.path, noted.right.text, _goal(noted, "="))


def _towards(noted: NotedComparison, source: Source, values: ReadValues, *, turned: bool) -> Iterator[Move]:
    """Moves that write the other side's value into the place from which the own one came: the left, or `turned` the right."""
    own, other = (noted.right, noted.left) if turned else (noted.left, noted.right)
    if other.kind == "none":
        yield move(_FIRST, source.path, None, _goal(noted, "="))
        yield move(_SECOND, source.path, NOTHING, _goal(noted, "="))
    if other.kind == "text" and isinstance(source.value, str):
        for rank, text in enumerate(dict.fromkeys((other.text, other.text.upper(), other.text.title()))):
            yield move(_FIRST + rank, source.path, with_text(source.value, own.text, text), _goal(noted, "="))
        yield from _one_more(source, other.text, values)
        yield move(_SECOND, source.path, own_text(source.path), _goal(noted, "<"))
    for how, step in _STEPS.items():
        value = _beside(source, other, -step if turned else step)
        if value is not NOTHING:
            yield move(_FIRST, source.path, value, _goal(noted, how))
        if isinstance(value, float):
            yield move(_SECOND, source.path, str(value), _goal(noted, how))
        if isinstance(source.value, str) and own.kind == "text" and isinstance(value, str) and other.kind == "number":
            yield move(_FIRST, source.path, like(0, Decimal(value)), _goal(noted, how))


def _missing_key_moves(noted: NotedComparison, values: ReadValues) -> Iterator[Move]:
    """Values beside those of either side under the keys that were missing: one side may be what the script takes instead."""
    for path in _few(values.missing):
        for other, turned in ((noted.right, False), (noted.left, True)):
            if other.kind == "text":
                yield move(_FIRST + 0.4, path, other.text, _goal(noted, "="))
            for how, step in _STEPS.items():
                value = _beside(Source(path, "" if other.kind == "moment" else 0), other, -step if turned else step)
                if value is not NOTHING:
                    yield move(_FIRST + 0.4, path, value, _goal(noted, how))


def _one_more(source: Source, text: str, values: ReadValues) -> Iterator[Move]:
    """The list around the value with one more element, a copy in which the value is this text."""
    at = next((at for at, step in enumerate(source.path) if isinstance(step, int)), None)
    around = NOTHING if at is None else values.scene.at(source.path[:at])
    if at is not None and isinstance(around, list) and len(around) < _MOST_MEMBERS:
        copied = (*source.path[:at], len(around))
        edits = (Edit(copied, values.scene.at(source.path[: at + 1])), Edit((*copied, *source.path[at + 1 :]), text))
        yield Move(_SECOND + 0.2, edits)


def _beside(source: Source, other: NotedValue, step: int) -> Any:
    """A value so many steps from the other one: whole numbers, or seconds."""
    if other.kind == "number":
        number = number_of(other.text)
        return NOTHING if number is None or isinstance(source.value, bool) else like(source.value, number + step)
    if other.kind == "moment" and isinstance(source.value, str):
        return shifted(other.text, step)
    return NOTHING


def _distance_moves(noted: NotedComparison, values: ReadValues, rank: float) -> Iterator[Move]:
    distance = seconds_between(noted.left, noted.right)
    if distance is None:
        return
    numbers = [*values.read_leaves(int), *values.read_leaves(float)]
    texts = [source for source in values.read_leaves(str) if number_of(source.value) is not None]
    if noted.left.kind == "number":
        for source in _few(iter([*numbers, *texts])):
            yield from _number_steps(noted, source, distance, rank)
        yield from _digits_in_texts(noted, values, rank)
    one = _UNITS[3] if noted.left.kind == "day" else 1
    for source in _few(values.moments()):
        for unit in _units(noted, distance):
            for how, step in _STEPS.items():
                for sign in (1, -1):
                    moved = shifted(source.value, sign * (distance + step * one) * unit)
                    if moved is not NOTHING:
                        yield move(rank + _UNITS.index(unit) / 10, source.path, moved, _goal(noted, how))


def _units(noted: NotedComparison, distance: Decimal) -> tuple[int, ...]:
    if noted.left.kind != "number":
        return _UNITS[:1]
    return _UNITS if abs(distance) <= _MOST_MONTHS else _UNITS[:4]


def _digits_in_texts(noted: NotedComparison, values: ReadValues, rank: float) -> Iterator[Move]:
    """The number as a part of a text, such as the year of a date."""
    target = number_of(noted.right.text)
    if target is None or target != target.to_integral_value():
        return
    for source in _few(source for source in values.read_leaves(str) if noted.left.text in source.value):
        for how, step in _STEPS.items():
            text = source.value.replace(noted.left.text, str(int(target) + step), 1)
            yield move(rank + 0.5, source.path, text, _goal(noted, how))


def _number_steps(noted: NotedComparison, source: Source, distance: Decimal, rank: float) -> Iterator[Move]:
    old, left, right = number_of(source.value), number_of(noted.left.text), number_of(noted.right.text)
    if old is None:
        return
    for how, step in _STEPS.items():
        targets = [old + distance + step, old - distance - step]
        if left and right:
            targets += [
                (old * right / left).to_integral_value() + step,
                (old * left / right).to_integral_value() + step,
            ]
        for target in dict.fromkeys(targets):
            value = like(source.value, target)
            if value is not NOTHING:
                yield move(rank, source.path, value, _goal(noted, how))


def _truth_moves(noted: NotedComparison, values: ReadValues) -> Iterator[Move]:
    goal = ("test", noted.site, noted.how != "true")
    for source in _few(values.sources(noted.left)):
        if noted.how == "true":
            empty: list[Any] = ["", None, NOTHING] if isinstance(source.value, str) else [0, None, NOTHING]
            for rank, value in enumerate(empty):
                yield move(_FIRST + rank, source.path, value, goal)
        else:
            yield move(_FIRST, source.path, own_text(source.path), goal)
            yield move(_SECOND, source.path, 7, goal)


def _membership_moves(noted: NotedComparison, values: ReadValues) -> Iterator[Move]:
    inside, outside = _goal(noted, "in"), _goal(noted, "out")
    for source in _few(values.sources(noted.left)):
        for member in noted.right.members[:_MOST_MEMBERS]:
            yield from _write(_FIRST, source, member, inside)
        if noted.right.kind == "text" and noted.right.text:
            yield from _write(_FIRST, source, noted.right, inside)
        yield move(_FIRST, source.path, own_text(source.path), outside)
    for source in _few(values.sources(noted.right)) if noted.right.kind == "text" else ():
        if isinstance(source.value, str) and noted.left.kind == "text":
            yield move(_FIRST, source.path, f"{source.value} {noted.left.text}".strip(), inside)
            yield move(_SECOND, source.path, noted.left.text, inside)
        yield move(_FIRST, source.path, own_text(source.path), outside)
    for member in noted.right.members[:_MOST_MEMBERS]:
        for source in _few(values.sources(member)):
            yield from _write(_FIRST, source, noted.left, inside)
            yield move(_SECOND, source.path, own_text(source.path), outside)


def _write(rank: float, source: Source, noted: NotedValue, goal: Goal) -> Iterator[Move]:
    if noted.kind in ("text", "moment"):
        yield move(rank, source.path, noted.text, goal)
    elif noted.kind == "number" and (number := number_of(noted.text)) is not None:
        yield move(rank, source.path, like(source.value, number), goal)


def _text_check_moves(noted: NotedComparison, values: ReadValues) -> Iterator[Move]:
    wanted = [member.text for member in noted.right.members if member.kind == "text"] or [noted.right.text]
    sources = [*_few(values.sources(noted.left))]
    rank = _FIRST if sources else _GUESS
    for source in sources or [*_few(values.read_leaves(str))]:
        if not isinstance(source.value, str):
            continue
        for text in wanted[:_MOST_MEMBERS]:
            for later, made in enumerate(_with_part(noted.name, noted.left.text, text)):
                whole = with_text(source.value, noted.left.text, made)
                yield move(rank + later / 4, source.path, whole, _goal(noted, "true"))
        yield move(rank, source.path, own_text(source.path), _goal(noted, "false"))


def _with_part(name: str, old: str, part: str) -> list[str]:
    """Texts that begin with the part, or end with it: longer than the old one, as long, and the part alone."""
    if name == "EndsWith":
        return [old + part, old[: -len(part)] + part if part else old, part]
    longer = part + old
    return [longer, part + old[len(part) :], part] if name == "StartsWith" else [part, part + old[len(part) :]]


def _few(found: Iterable[T]) -> Iterator[T]:
    return itertools.islice(found, _MOST_SOURCES)
