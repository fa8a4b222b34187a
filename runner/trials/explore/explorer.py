"""The loop of an exploration: take the next scenes, run them, keep what did something new, and list what was seen.

Scenes are taken and results looked at in rounds of a fixed size, so that the result does not depend on which run ends
first. Time only stops it.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from runner.powers import RecordedPowers
from runner.trials.trial import Trial, TrialSandbox
from runner.trials.trial_terms import TrialTerms
from sandbox import Finding, InstrumentedScript, OutcomeKind

from .entries import Entries, EntryKey, ListedEntry, failure_key, line_of
from .exploration import Exploration, FoundEntry
from .message_templates import TemplateReader
from .minimising import Identity, Minimiser
from .moves.varying_moves import link_edits, varying_edits
from .progress import Frontier, SeenOutcomes
from .scene import Scene
from .scene_runs import SceneRun, SceneRunner, terms_of

_MOST_AFTER_S: Final = (
    30.0  #: for making examples smaller after the time is up, and as long again for running them alone
)
_MOST_CONFIRMED: Final = 300  #: entries whose examples are run alone
_ROUND: Final = 32  #: scenes that are run before their results are looked at


@dataclass(frozen=True)
class ExplorePlan:
    """From where, and how much is tried. `seconds` bounds the search; the examples are made smaller after it."""

    starts: Sequence[Scene]
    runs: int = 3000
    seconds: float = 60.0
    seed: int = 0
    allow_loopback: bool = False  #: in development, links to this machine are shown as the service shows them


@dataclass(frozen=True)
class ExploreProgress:
    """How far an exploration is."""

    runs: int
    of: int
    messages: int
    failures: int
    lines_left: int


class ScriptNotExploredError(Exception):
    """The check refuses the script; the findings say why."""

    def __init__(self, findings: tuple[Finding, ...]) -> None:
        super().__init__("the script is refused")
        self.findings = findings


def explore(
    sandbox: TrialSandbox, source: str, plan: ExplorePlan, tell: Callable[[ExploreProgress], None] = lambda _: None
) -> Exploration:
    """Explore the script of a text. Raises `ScriptNotExploredError`."""
    review = sandbox.review(source)
    made = sandbox.instrument(source)
    if not review.ok or review.checked.code is None or made.script is None:
        raise ScriptNotExploredError((*review.findings, *([made.finding] if review.ok and made.finding else [])))
    alone = functools.partial(sandbox.run_code, source, review.checked.code)
    with SceneRunner(sandbox, made.script, allow_loopback=plan.allow_loopback) as runner:
        return _Explorer(alone, made.script, runner, plan).run(tell)


class _Explorer:
    def __init__(
        self,
        alone: Callable[[TrialTerms, RecordedPowers], Trial],
        script: InstrumentedScript,
        runner: SceneRunner,
        plan: ExplorePlan,
    ) -> None:
        self._alone = alone  #: runs the script as `script run` does
        self._script = script
        self._runner = runner
        self._plan = plan
        self._started = time.monotonic()
        self._deadline = self._started + plan.seconds
        self._seen = SeenOutcomes()
        self._frontier = Frontier(script, plan.seed)
        self._entries = Entries(TemplateReader(script))
        self._runs = 0
        self._unconfirmed = 0

    def run(self, tell: Callable[[ExploreProgress], None]) -> Exploration:
        """All of it: the starting scenes, then rounds until runs or time are used up, then the list."""
        scenes = list(self._plan.starts)[: self._plan.runs]
        while scenes and not self._runner.alarm:
            runs = [run for run in self._runner.run(scenes, self._deadline) if run is not None]
            self._take_in(runs)
            self._runs += len(runs)
            tell(self._progress())
            if self._is_late():
                break
            scenes = self._frontier.take(min(_ROUND, self._plan.runs - self._runs), self._seen)
        is_late = self._is_late()
        entries = self._confirmed()
        self._runner.end_children()
        return Exploration(
            runs=self._runs,
            entries=entries,
            lines_unreached=tuple(line for line in self._script.lines if line not in self._seen.lines),
            seconds=time.monotonic() - self._started,
            alarm=self._runner.alarm,
            stopped=is_late and self._runs < self._plan.runs,
            unconfirmed=self._unconfirmed,
        )

    def _take_in(self, runs: Sequence[SceneRun]) -> None:
        for run in runs:
            did_new = self._seen.add(run)
            ended_new = self._entries.add(run)
            if did_new or ended_new:
                self._frontier.add(run)

    def _is_late(self) -> bool:
        return time.monotonic() >= self._deadline

    def _progress(self) -> ExploreProgress:
        failures, messages = self._entries.counts()
        left = len(set(self._script.lines) - self._seen.lines)
        return ExploreProgress(self._runs, self._plan.runs, messages, failures, left)

    def _confirmed(self) -> tuple[FoundEntry, ...]:
        """The listed entries, each as its example gives it when it is run alone; what turns out to be one is put together."""
        self._vary()
        found: dict[EntryKey, FoundEntry] = {}
        listed = self._entries.listed()
        runs = Minimiser(self._runner, self._identity_of, self._deadline + _MOST_AFTER_S).minimised(
            [entry.run for entry in listed]
        )
        alone = self._runner.each(self._run_alone, runs[:_MOST_CONFIRMED])
        for entry, run, trial in itertools.zip_longest(listed, runs, alone):
            self._unconfirmed += trial is None
            key, one = self._found(entry, run, trial or run.trial)
            found[key] = replace(found[key], count=found[key].count + one.count) if key in found else one
        return tuple(found.values())

    def _vary(self) -> None:
        """Run messages again with small changes: those with a part that was always the same, or whose link may not be shown."""
        scenes = [run.scene.edited([edit]) for run in self._entries.unvaried() for edit in varying_edits(run)]
        scenes += [run.scene.edited([edit]) for run in self._entries.without_their_link() for edit in link_edits(run)]
        for varied in self._runner.run(scenes, self._deadline + _MOST_AFTER_S):
            if varied is not None:
                self._entries.add(varied)

    def _found(self, entry: ListedEntry, run: SceneRun, trial: Trial) -> tuple[EntryKey, FoundEntry]:
        """The entry of a run that was run again alone, which may end otherwise with the budgets of a live run."""
        line = line_of(run) if trial.error is None or trial.error.line is None else trial.error.line
        if trial.outcome is not OutcomeKind.RETURNED:
            return failure_key(trial, line), FoundEntry(trial, line, None, entry.count, run.example)
        text = trial.message.text if trial.message else None
        if text is None:
            return ("hidden",), FoundEntry(trial, None, None, entry.count, run.example)
        if entry.template is None:
            return ("message", text, None), FoundEntry(trial, None, text, entry.count, run.example)
        return entry.key, FoundEntry(trial, None, entry.template, entry.count, run.example)

    def _identity_of(self, run: SceneRun) -> Identity:
        key, match = self._entries.key_of(run)
        shown = run.trial.message
        return key, (shown.text if shown else None, shown.link is None if shown else None, match and match.holes)

    def _run_alone(self, run: SceneRun) -> Trial | None:
        """What `script run` does with the example; None when the time for it is up, too."""
        if time.monotonic() >= self._deadline + 2 * _MOST_AFTER_S:
            return None
        example = run.example
        terms = terms_of(Scene(example["input"], {}), allow_loopback=self._plan.allow_loopback)
        assert terms is not None, "the example of a run is a valid INPUT"
        return self._alone(terms, RecordedPowers(example["answers"]))
