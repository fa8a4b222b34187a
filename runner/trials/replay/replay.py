"""Replay: a version is run on the inputs of earlier runs, with the vendors' answers that were kept, and compared with them.

The time is that of the earlier run, and so are the settings. Link hosts and budgets are those of the implementation today,
because the version would be run with these. A run whose answers were not kept, or in which the version asks a vendor
something else, is not comparable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from records.scripts.runs import RETURNED, Run
from runner.powers import AnswersError
from runner.trials.trial import Trial, TrialSandbox
from runner.trials.trial_input import RETURN_URL, with_trial_return
from runner.trials.trial_terms import TrialTerms
from sandbox import CallFault, OutcomeKind, RunLimits, ScriptInput

from .kept_powers import KeptPowers

#: Why a run is not comparable.
NO_INPUT = "its input was not recorded"
NO_ANSWERS = "the answers of the vendors were not kept"
ASKS_OTHERWISE = "the version asks something that was not asked then"


@dataclass(frozen=True)
class EarlierRun:
    """A run from the records, with its kept answers; None if none were kept."""

    run: Run
    answers: list[Any] | None


@dataclass(frozen=True)
class ReplayTerms:
    """What is the same for all replayed runs: of the implementation, and of this service."""

    link_hosts: tuple[str, ...]
    limits: RunLimits
    default_color: str
    public_url: str  #: under which return addresses lie
    allow_loopback: bool = False


@dataclass
class Replay:
    """What a version would have shown. Every list is in the order of the runs."""

    runs: int = 0
    same: int = 0
    changed: list[dict[str, Any]] = field(default_factory=list)
    begins_to_fail: list[dict[str, Any]] = field(default_factory=list)
    stops_failing: list[dict[str, Any]] = field(default_factory=list)
    fails_in_both: list[dict[str, Any]] = field(default_factory=list)
    not_comparable: list[dict[str, Any]] = field(default_factory=list)
    alarm: bool = False  #: the version did what no script can do; the replay ended there

    def as_json(self) -> dict[str, Any]:
        """Return the whole result, as `script replay --json` prints it."""
        lists = ("changed", "begins_to_fail", "stops_failing", "fails_in_both", "not_comparable")
        return {"runs": self.runs, "same": self.same} | {name: getattr(self, name) for name in lists}


def replay(
    sandbox: TrialSandbox,
    version: tuple[str, bytes],
    earlier: Iterable[EarlierRun],
    terms: ReplayTerms,
    tell: Callable[[Replay], None] = lambda _: None,
) -> Replay:
    """Run a version (its text and its code) on earlier runs. `tell` is called after each; what it raises ends the replay."""
    done = Replay()
    source, code = version
    for each in earlier:
        done.runs += 1
        why = _not_comparable(each)
        trial = None
        if not why:
            powers = KeptPowers(each.answers or [])
            trial = sandbox.run_code(source, code, _terms_of(each.run, terms), powers)
            asked = any(call.fault == CallFault.NO_ANSWER_RECORDED.value for call in powers.calls)
            why = ASKS_OTHERWISE if asked else ""
        _sort_in(done, each.run, trial, why, terms)
        if trial is not None and trial.alarm:
            done.alarm = True
            return done
        tell(done)
    return done


def _not_comparable(each: EarlierRun) -> str:
    """Return why a run cannot be tried again; empty if it can."""
    if not each.run.given:
        return NO_INPUT
    if each.answers is None and each.run.calls:
        return NO_ANSWERS
    try:
        KeptPowers(each.answers or [])
    except AnswersError:
        return NO_ANSWERS
    return ""


def _terms_of(run: Run, terms: ReplayTerms) -> TrialTerms:
    given = replace(ScriptInput(**run.given), return_url=RETURN_URL)
    return TrialTerms(given, terms.link_hosts, terms.limits, allow_loopback=terms.allow_loopback)


def _sort_in(done: Replay, run: Run, trial: Trial | None, why: str, terms: ReplayTerms) -> None:
    """Put one run where it belongs."""
    row = {"run": run.id, "user": run.user, "session": run.session}
    if trial is None or why:
        done.not_comparable.append(row | {"why": why})
        return
    before, after = _before(run, terms), _after(trial, terms)
    worked, works = run.outcome == RETURNED, trial.outcome is OutcomeKind.RETURNED
    if worked and works and before == after:
        done.same += 1
        return
    lists = {
        (True, True): done.changed,
        (True, False): done.begins_to_fail,
        (False, True): done.stops_failing,
        (False, False): done.fails_in_both,
    }
    lists[worked, works].append(row | {"before": before, "after": after})


def _before(run: Run, terms: ReplayTerms) -> dict[str, Any]:
    """Return what the run found, in the form of `_after`."""
    if run.outcome != RETURNED:
        return _failed(run.outcome, run.error or {})
    if run.message is None:
        return {"outcome": RETURNED, "message": None}
    link = (run.message.get("action") or {}).get("url")
    shown = {
        "text": run.message["text"],
        "link": link and with_trial_return(link, terms.public_url),
        "color": run.message["color"],
    }
    return {"outcome": RETURNED, "message": shown}


def _after(trial: Trial, terms: ReplayTerms) -> dict[str, Any]:
    if trial.outcome is not OutcomeKind.RETURNED:
        return _failed(trial.outcome.value, vars(trial.error) if trial.error else {})
    found = trial.message
    if found is None:
        return {"outcome": RETURNED, "message": None}
    shown = {"text": found.text, "link": found.link, "color": found.color or terms.default_color}
    return {"outcome": RETURNED, "message": shown}


def _failed(outcome: str, error: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": outcome, "error": {name: error.get(name) for name in ("type", "line", "text")}}
