"""What an exploration has seen, the runs that it goes on from, and which move is tried next.

The lowest rank goes first; within a rank the oldest. A move whose goal has been reached meanwhile waits behind all
others. When there is nothing left to try, moves of known runs are put together at random, by the seed.
"""

from __future__ import annotations

import hashlib
import heapq
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from sandbox import InstrumentedScript, RunTrace

from .moves.comparison_moves import comparison_moves
from .moves.move import Goal, Move
from .moves.plain_moves import plain_moves
from .moves.shape_moves import shape_moves
from .read_values import ReadValues
from .scene import Edit, Scene
from .scene_runs import SceneRun

_LATER: Final = 10.0  #: added to the rank of a move that has nothing new to find
_MOST_CORPUS: Final = 300
_MOST_MOVES: Final = 600  #: of one run
_RANDOM_SHARE: Final = 8  #: one of so many scenes is put together at random


@dataclass(frozen=True)
class KnownRun:
    """A run that did something new, with all moves from it."""

    scene: Scene
    moves: tuple[Move, ...]


class SeenOutcomes:
    """Lines, outcomes of tests and comparisons, and missing keys that some run had."""

    def __init__(self) -> None:
        self.lines: set[int] = set()
        self.goals: set[Goal] = set()
        self._missing: set[Any] = set()

    def add(self, trace: RunTrace) -> bool:
        """Add what a run did; return whether any of it is new."""
        before = (len(self.lines), len(self.goals), len(self._missing))
        self.lines |= trace.lines
        self.goals |= {("test", site, outcome) for site, outcome in trace.tests}
        self.goals |= {("comparison", one.site, one.name, one.how) for one in trace.comparisons}
        self._missing |= {
            (read.place[0], *(step for step in read.place[1:] if isinstance(step, str)), read.key)
            for read in trace.reads
            if read.state == "missing" and isinstance(read.key, str)
        }
        self._missing |= {("misuse", misuse.how, misuse.key, misuse.value.text) for misuse in trace.misuses}
        return (len(self.lines), len(self.goals), len(self._missing)) != before


class Frontier:
    """The moves that are still to be tried."""

    def __init__(self, script: InstrumentedScript, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - for the same result with the same seed
        self._texts = script.texts
        self._corpus: list[KnownRun] = []
        self._waiting: list[tuple[float, int, int, Move]] = []
        self._number = 0
        self._tried: set[bytes] = set()

    def add(self, run: SceneRun) -> None:
        """Go on from this run, too."""
        if len(self._corpus) >= _MOST_CORPUS:
            return
        moves = tuple(one for one, _ in zip(moves_of(run), range(_MOST_MOVES), strict=False))
        self._corpus.append(KnownRun(run.scene, moves))
        for one in moves:
            self._push(one, len(self._corpus) - 1)

    def take(self, count: int, seen: SeenOutcomes) -> list[Scene]:
        """The next scenes to run, none of them run before."""
        scenes: list[Scene] = []
        attempts = 0
        while len(scenes) < count and self._corpus and attempts < 20 * count:
            attempts += 1
            is_random = not self._waiting or (len(scenes) + 1) % _RANDOM_SHARE == 0
            scene = self._combined() if is_random else self._next(seen)
            if scene is not None and self._is_untried(scene):
                scenes.append(scene)
        return scenes

    def _push(self, one: Move, source: int) -> None:
        self._number += 1
        heapq.heappush(self._waiting, (one.rank, self._number, source, one))

    def _next(self, seen: SeenOutcomes) -> Scene | None:
        rank, _, source, one = heapq.heappop(self._waiting)
        if one.goal in seen.goals and rank < _LATER:
            self._push(replace(one, rank=one.rank + _LATER), source)
            return None
        return self._corpus[source].scene.edited(one.edits)

    def _combined(self) -> Scene | None:
        known = self._random.choice(self._corpus)
        if not known.moves:
            return None
        edits: list[Edit] = []
        for _ in range(self._random.randint(1, 4)):
            edits += self._random.choice(known.moves).edits
        if self._texts and isinstance(edits[0].value, str):
            edits[0] = replace(edits[0], value=self._random.choice([edits[0].value, *self._texts]))
        scene = known.scene.edited(edits)
        if self._random.random() < 0.25:
            other = self._random.choice(self._corpus).scene
            scene = replace(scene, answers={**scene.answers, **other.answers})
        return scene

    def _is_untried(self, scene: Scene) -> bool:
        mark = hashlib.blake2b(scene.fingerprint().encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if mark in self._tried:
            return False
        self._tried.add(mark)
        return True


def moves_of(run: SceneRun) -> Iterator[Move]:
    """All moves from one run, those that it hints at first."""
    values = ReadValues(run)
    yield from shape_moves(run, values)
    for noted in run.trace.comparisons:
        yield from comparison_moves(noted, values)
    yield from plain_moves(run)
