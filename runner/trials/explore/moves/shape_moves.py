"""Moves from what a run read: keys that were missing, values of the wrong kind, lists of other lengths."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from runner.trials.explore.read_values import ReadValues, longer, path_of
from runner.trials.explore.scene import NOTHING, ScenePath
from runner.trials.explore.scene_runs import SceneRun
from sandbox import NotedMisuse, NotedRead

from .move import Move, move, own_text
from .values_for import values_for

_SECOND_ELEMENT: Final = 2
_USED_LIST: Final = ("iterated", "tested", "searched")


def shape_moves(run: SceneRun, values: ReadValues) -> Iterator[Move]:
    """The moves from all reads and misuses of one run."""
    for misuse in run.trace.misuses:
        yield from _misuse_moves(misuse, values)
    for read in run.trace.reads:
        path = path_of(read, run)
        if path is None:
            continue
        if read.state in _USED_LIST:
            yield from _container_moves(read, path[:-1], run)
        elif read.place[0] == "answer" and len(read.place) == _SECOND_ELEMENT:
            continue  # `.json`, `.status` and the like
        elif read.state == "missing":
            yield from _missing_moves(path, run)
        else:
            yield from _present_moves(path, run)


def _missing_moves(path: ScenePath, run: SceneRun) -> Iterator[Move]:
    around = run.scene.at(path[:-1])
    if isinstance(around, list):
        index = path[-1]
        if isinstance(index, int) and index >= 0:
            yield move(0.5, path[:-1], longer(around, index + 1))
        elif not around:
            yield move(0.5, path[:-1], [{}])
        return
    if path[-2:-1] == ("headers",):
        headers = around if isinstance(around, dict) else {}
        for rank, value in enumerate((own_text(path), "7", "0")):
            yield move(0.5 + rank, path[:-1], {**headers, str(path[-1]): value})
        return
    for rank, value in enumerate(values_for(path)):
        yield move(0.5 + rank, path, value)


def _present_moves(path: ScenePath, run: SceneRun) -> Iterator[Move]:
    value = run.scene.at(path)
    if value is NOTHING:
        return
    if isinstance(value, bool):
        yield move(0.5, path, not value)
    if value is None:
        for rank, other in enumerate(values_for(path)):
            yield move(1.0 + rank, path, other)
    if isinstance(value, str):
        yield move(4.0, path, own_text(path))
        yield move(4.0, path, "")
    if isinstance(value, int | float) and not isinstance(value, bool):
        for number in (0, 1, 1000, -1):
            yield move(4.0, path, number)
    yield move(4.5, path, NOTHING)
    yield move(5.0, path, None)


def _container_moves(read: NotedRead, path: ScenePath, run: SceneRun) -> Iterator[Move]:
    value = run.scene.at(path)
    if isinstance(value, dict):
        yield move(3.0, path, {})
        if not value:
            yield move(2.0, path, {"key-1": own_text(path)})
        return
    if not isinstance(value, list):
        return
    if read.state == "searched" and isinstance(read.key, str) and read.key:
        yield move(0.5, path, [*value, read.key])
    variants: list[Any] = (
        [[*value, value[-1]], value[:-1], [], [*value[-1:], *value]] if value else [[{}], [own_text(path)]]
    )
    for rank, variant in enumerate(variants):
        yield move(1.5 + rank / 2, path, variant)
    if value:
        yield move(3.5, path, longer(value, 12))
        yield move(3.0, path, [*value, {}])


def _misuse_moves(misuse: NotedMisuse, values: ReadValues) -> Iterator[Move]:
    for source in values.sources(misuse.value):
        if isinstance(source.value, list) or (misuse.value.kind == "text" and source.value != misuse.value.text):
            continue
        text = own_text(source.path)
        better: list[Any] = [[{}], [text], {}] if misuse.how == "iterated" else [{}, [{}], text, 7]
        if misuse.how == "item" and misuse.key:
            better = [{misuse.key: text}, *better]
        for rank, value in enumerate(better):
            yield move(0.2 + rank, source.path, value)
