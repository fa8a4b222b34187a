"""Runs many scenes at once in the jail, and says of each what an attendee would see and what the run did.

Budgets are lower than those of live runs: a run that uses one up is tried again, alone and with the live budgets, before
it is listed. The order of the results is that of the scenes, whichever ends first.

A child serves many runs, because its start and end take as long as twenty of them.
"""

from __future__ import annotations

import functools
import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self, TypeVar

from runner.trials.trial import Trial, TrialSandbox, judged_trial
from runner.trials.trial_input import InputError, parse_input
from runner.trials.trial_terms import TrialTerms
from sandbox import InstrumentedScript, OutcomeKind, RunLimits, RunTrace, TracedOutcome, TracedRuns

from .scene import MAX_SCENE_CHARS, Scene
from .scene_powers import AnsweredCall, ScenePowers

T = TypeVar("T")

#: Of each run; CPU time and memory are for the runs of one child together.
EXPLORE_LIMITS: Final = RunLimits(wall_s=2.0, cpu_s=1.0, memory_bytes=48 * 1024 * 1024)
#: After so many runs, after so many seconds of them, and so long after its start a child is replaced: far within its limits.
_CHILD_RUNS, _CHILD_BUSY_S, _CHILD_AGE_S = 100, 0.5, 10.0
_CHILD_WALL_S = 20.0


@dataclass(frozen=True)
class SceneRun:
    """One run: its scene with an answer for every call, how it ended, and what it did on the way."""

    scene: Scene
    trial: Trial
    trace: RunTrace = field(default_factory=RunTrace)
    answered: tuple[AnsweredCall, ...] = ()
    entries: Sequence[dict[str, Any]] = ()
    sets_link: bool = False  #: the script gave its message a link, whether or not it may be shown

    @property
    def example(self) -> dict[str, Any]:
        """INPUT and ANSWERS with which `script run` does the same."""
        return {"input": _without_empty(self.scene.input), "answers": [*self.entries]}


class _RunningChild:
    """A child, and what it has done so far."""

    def __init__(self, runs: TracedRuns) -> None:
        self.runs = runs
        self.count = 0
        self._begun_at = time.monotonic()
        self._busy_s = 0.0

    def run(self, terms: TrialTerms, powers: ScenePowers) -> TracedOutcome:
        """Make one run."""
        begun_at = time.monotonic()
        traced = self.runs.run(terms.script_input, powers)
        self.count += 1
        self._busy_s += time.monotonic() - begun_at
        return traced

    @property
    def has_time(self) -> bool:
        """Whether it is alive, and far from its limits."""
        is_young = time.monotonic() - self._begun_at < _CHILD_AGE_S
        return self.runs.is_open and self.count < _CHILD_RUNS and self._busy_s < _CHILD_BUSY_S and is_young


class SceneRunner:
    """Runs scenes of one script, as many at a time as there are processors. A context manager."""

    def __init__(self, sandbox: TrialSandbox, script: InstrumentedScript, *, allow_loopback: bool = False) -> None:
        self.alarm = False  #: a child did what no script can do; known of all of them after `end_children`
        self._sandbox = sandbox
        self._script = script
        self._allow_loopback = allow_loopback
        self._width = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
        self._pool = ThreadPoolExecutor(self._width)
        self._idle: list[_RunningChild] = []  #: between two shares

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()
        self.end_children()

    def end_children(self) -> None:
        """End the children that wait for more runs."""
        while self._idle:
            child = self._idle.pop()
            with child.runs:
                self.alarm |= child.runs.close()

    def each(self, work: Callable[[SceneRun], T], runs: Sequence[SceneRun]) -> list[T]:
        """Do other work for runs, as many at a time as there are processors."""
        return [*self._pool.map(work, runs)]

    def run(self, scenes: Sequence[Scene], deadline: float = math.inf) -> list[SceneRun | None]:
        """Run each scene; None for one that is no valid INPUT or too large, and for all after the deadline."""
        size = max(1, -(-len(scenes) // self._width))
        shares = [scenes[start : start + size] for start in range(0, len(scenes), size)]
        share = functools.partial(self._run_share, deadline=deadline)
        return [one for some in self._pool.map(share, shares) for one in some]

    def _run_share(self, scenes: Sequence[Scene], deadline: float) -> list[SceneRun | None]:
        done: list[SceneRun | None] = []
        while len(done) < len(scenes) and time.monotonic() < deadline:
            with self._child() as child:
                while len(done) < len(scenes) and child.has_time and time.monotonic() < deadline:
                    found = self._run_one(child, scenes[len(done)])
                    if found is None and not child.runs.is_open:
                        break  # perhaps of what the runs before it left: try again in a fresh child
                    done.append(found)
        return [*done, *[None] * (len(scenes) - len(done))]

    @contextmanager
    def _child(self) -> Iterator[_RunningChild]:
        """A child that no other thread has. It is kept for later runs, unless it failed or has served for long enough."""
        try:
            child = self._idle.pop()
        except IndexError:
            child = _RunningChild(self._sandbox.traced_runs(self._script, EXPLORE_LIMITS, child_wall_s=_CHILD_WALL_S))
        with ExitStack() as ending:
            ending.push(child.runs)
            yield child
            if child.has_time:
                ending.pop_all()
                self._idle.append(child)
            else:
                self.alarm |= child.runs.close()

    def _run_one(self, child: _RunningChild, scene: Scene) -> SceneRun | None:
        terms = terms_of(scene, allow_loopback=self._allow_loopback)
        if terms is None:
            return None
        powers = ScenePowers(scene)
        is_alone = child.count == 0
        traced = child.run(terms, powers)
        self.alarm |= traced.outcome.alarm
        if not is_alone and _may_be_of_others(traced):
            return None
        trial = judged_trial(traced.outcome, terms, ())
        return SceneRun(
            scene=powers.completed(),
            trial=trial,
            trace=traced.trace or RunTrace(),
            answered=tuple(powers.answered),
            entries=powers.entries(),
            sets_link=bool(traced.outcome.value and traced.outcome.value["link"]),
        )


def terms_of(scene: Scene, *, allow_loopback: bool) -> TrialTerms | None:
    """What the script of a scene gets; None if the scene is no valid INPUT."""
    if len(scene.fingerprint()) > MAX_SCENE_CHARS:
        return None
    with suppress(InputError):
        return replace(TrialTerms.alone(parse_input(scene.input)), allow_loopback=allow_loopback)
    return None


def _may_be_of_others(traced: TracedOutcome) -> bool:
    """Whether a run may have ended because of earlier ones in its child: it died, or its memory was used up.

    Not if the broker ended it for a budget of its own: calls, bytes, log lines.
    """
    if traced.outcome.kind is OutcomeKind.OUT_OF_MEMORY:
        return True
    is_own = traced.outcome.error is not None and traced.outcome.error.type == "BudgetUsedUp"
    return traced.trace is None and not is_own


def _without_empty(data: Any) -> dict[str, Any]:
    return {name: value for name, value in data.items() if value not in ({}, [], None)}
