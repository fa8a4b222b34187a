"""What an exploration has seen, the runs that it goes on from, and which move is tried next.

The lowest rank goes first; within a rank the newest run. A move whose goal has been reached meanwhile, or whose edit was
tried before in another scene, waits. Beside that, moves of known runs are put together at random, by the seed.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sandbox import InstrumentedScript

from .moves.comparison_moves import comparison_moves
from .moves.failure_moves import failure_moves
from .moves.move import Goal, Move
from .moves.plain_moves import plain_moves
from .moves.sequence_moves import compared_texts, sequence_moves
from .moves.shape_moves import shape_moves
from .read_values import ReadValues
from .scene import Edit, Scene, ScenePath
from .scene_runs import SceneRun

_LATER: Final = 10.0  #: added to the rank of a move that has nothing new to find
_MOST_CALLS_APART: Final = 3  #: outcomes count as new with one call, with two, and with more
_MOST_CORPUS: Final = 200
_MOST_MOVES: Final = 600  #: of one run
_ELSEWHERE: Final = 2.0  #: the same for one that finds it in another place of the scene
_AGAIN: Final = 0.6  #: added for each time that the same edit was tried in another scene
_WORSE: Final = 0.8  #: a round ends before moves whose rank is so much higher than that of its first
_LEAST_ROUND: Final = 4
_ATTEMPTS: Final = 30
_RANDOM_SHARE: Final = 8  #: one of so many scenes is put together at random


@dataclass(frozen=True)
class KnownRun:
    """A run that did something new, with all moves from it."""

    scene: Scene
    moves: tuple[Move, ...]


class SeenOutcomes:
    """Lines, outcomes of tests and comparisons, and kinds of values under the keys that some run had."""

    def __init__(self) -> None:
        self.lines: set[int] = set()
        self.goals: set[Goal] = set()
        self._with_calls: set[tuple[Goal, int]] = set()
        self._reads: set[Any] = set()

    def add(self, run: SceneRun) -> bool:
        """Add what a run did; return whether any of it is new, also if only with so many calls."""
        trace = run.trace
        before = self._size()
        goals: set[Goal] = {("test", site, outcome) for site, outcome in trace.tests}
        goals |= {("comparison", one.site, one.name, one.how) for one in trace.comparisons}
        calls = min(len(run.answered), _MOST_CALLS_APART)
        self.lines |= trace.lines
        self.goals |= goals
        self._with_calls |= {(goal, calls) for goal in goals}
        self._reads |= {
            (read.place[0], *(step for step in read.place[1:] if isinstance(step, str)), read.key, read.state)
            for read in trace.reads
            if isinstance(read.key, str)
        }
        self._reads |= {("misuse", misuse.how, misuse.key, misuse.value.text) for misuse in trace.misuses}
        return self._size() != before

    def _size(self) -> tuple[int, ...]:
        return len(self.lines), len(self._with_calls), len(self._reads)


class Frontier:
    """The moves that are still to be tried."""

    def __init__(self, script: InstrumentedScript, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - for the same result with the same seed
        self._texts = script.texts
        self._corpus: list[KnownRun] = []
        self._waiting: list[tuple[float, int, int, Move]] = []
        self._number = 0
        self._compared: dict[ScenePath, dict[str, None]] = {}
        self._tried: set[bytes] = set()
        self._tries: Counter[tuple[ScenePath, str]] = Counter()
        self._tried_goals: set[tuple[Goal | None, ScenePath]] = set()

    def add(self, run: SceneRun) -> None:
        """Go on from this run, too."""
        if len(self._corpus) >= _MOST_CORPUS:
            return
        values = ReadValues(run)
        for comparison in run.trace.comparisons:
            for path, text in compared_texts(comparison, values):
                self._compared.setdefault(path, {})[text] = None
        found = itertools.chain(moves_of(run, values, self._texts), sequence_moves(values, self._compared))
        moves = tuple(itertools.islice(found, _MOST_MOVES))
        self._corpus.append(KnownRun(run.scene, moves))
        for one in moves:
            self._push(one.rank, one, len(self._corpus) - 1)

    def take(self, count: int, seen: SeenOutcomes) -> list[Scene]:
        """The next scenes to run, none of them run before: those that are about as promising as the best."""
        scenes: list[Scene] = []
        best: float | None = None
        for attempt in range(1, _ATTEMPTS * count):
            is_random = not self._waiting or attempt % _RANDOM_SHARE == 0
            if len(scenes) >= count or not self._corpus:
                break
            if (
                not is_random
                and best is not None
                and self._waiting[0][0] > best + _WORSE
                and len(scenes) >= _LEAST_ROUND
            ):
                break
            scene, rank = self._combined() if is_random else self._next(seen)
            if scene is not None and self._is_untried(scene):
                scenes.append(scene)
                best = rank if best is None else best
        return scenes

    def _push(self, rank: float, one: Move, source: int) -> None:
        self._number += 1
        heapq.heappush(self._waiting, (rank, -source, self._number, one))

    def _next(self, seen: SeenOutcomes) -> tuple[Scene | None, float | None]:
        rank, source, _, one = heapq.heappop(self._waiting)
        tries = [(edit.path, repr(edit.value)) for edit in one.edits]
        places = {(one.goal, edit.path) for edit in one.edits}
        again = max(self._tries[edit] for edit in tries)
        reached = 0.0 if one.goal not in seen.goals else _LATER if places & self._tried_goals else _ELSEWHERE
        now = one.rank + reached + _AGAIN * again
        if now > rank:
            self._push(now, one, -source)
            return None, None
        self._tries.update(tries)
        self._tried_goals |= places
        return self._corpus[-source].scene.edited(one.edits), rank

    def _combined(self) -> tuple[Scene | None, None]:
        known = self._random.choice(self._corpus)
        if not known.moves:
            return None, None
        edits: list[Edit] = []
        for _ in range(self._random.randint(1, 4)):
            edits += self._random.choice(known.moves).edits
        if self._texts and isinstance(edits[0].value, str):
            edits[0] = replace(edits[0], value=self._random.choice([edits[0].value, *self._texts]))
        scene = known.scene.edited(edits)
        if self._random.random() < 0.25:
            other = self._random.choice(self._corpus).scene
            scene = replace(scene, answers={**scene.answers, **other.answers})
        return scene, None

    def _is_untried(self, scene: Scene) -> bool:
        mark = hashlib.blake2b(scene.fingerprint().encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if mark in self._tried:
            return False
        self._tried.add(mark)
        return True


def moves_of(run: SceneRun, values: ReadValues, texts: Sequence[str]) -> Iterator[Move]:
    """The moves from one run of a script that writes these texts, those that the run hints at first."""
    yield from shape_moves(run, values)
    yield from failure_moves(run, texts)
    for noted in run.trace.comparisons:
        yield from comparison_moves(noted, values)
    yield from plain_moves(run)
