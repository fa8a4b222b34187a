"""Moves to lists whose elements differ in one text, in several orders: for scripts to which the order of rows matters."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Final

from runner.trials.explore.read_values import ReadValues
from runner.trials.explore.scene import NOTHING, Edit, ScenePath
from sandbox import NotedComparison, NotedValue

from .move import Move

#: Texts that values below a path were compared with; the path without its indexes.
ComparedTexts = Mapping[ScenePath, Mapping[str, None]]

_MOST_TEXTS: Final = 4
_MOST_ORDERS: Final = 30
_RANK: Final = 1.6


def compared_texts(comparison: NotedComparison, values: ReadValues) -> Iterator[tuple[ScenePath, str]]:
    """The texts that values inside of lists were compared with, by path."""
    if comparison.name not in ("Eq", "NotEq", "In", "NotIn"):
        return
    for own, other in ((comparison.left, comparison.right), (comparison.right, comparison.left)):
        for source in values.sources(own):
            if any(isinstance(step, int) for step in source.path):
                yield from ((without_indexes(source.path), text) for text in _texts(other))


def sequence_moves(values: ReadValues, known: ComparedTexts) -> Iterator[Move]:
    """Lists of two and more elements, each with another of the texts that are known for that place."""
    for shape, texts in known.items():
        chosen = [*texts][:_MOST_TEXTS]
        path = next((leaf.path for leaf in values.leaves if without_indexes(leaf.path) == shape), None)
        at = None if path is None else next((at for at, step in enumerate(path) if isinstance(step, int)), None)
        if path is None or at is None or len(chosen) <= 1:
            continue
        element = values.scene.at(path[: at + 1])
        orders = (order for size in range(len(chosen), 1, -1) for order in itertools.permutations(chosen, size))
        for order in itertools.islice(orders, _MOST_ORDERS):
            if element is not NOTHING:
                elements = [Edit((*path[:at], number), element) for number in range(len(order))]
                written = [Edit((*path[:at], number, *path[at + 1 :]), text) for number, text in enumerate(order)]
                yield Move(_RANK, (Edit(path[:at], []), *elements, *written))


def without_indexes(path: ScenePath) -> ScenePath:
    """The path as it is for every element of a list."""
    return tuple(step for step in path if not isinstance(step, int))


def _texts(noted: NotedValue) -> list[str]:
    return [one.text for one in (noted, *noted.members) if one.kind == "text" and one.text]
