"""Rehearsal: runs a version in all situations of an event, and counts what everybody would be shown.

Vendors are replaced: a call gets the answer that was kept with the newest run of this user and session, else the first fitting
one of the answers that the person gave, else it fails as not answered.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from records.message_text import ADVISED_GRAPHEMES, graphemes
from runner.powers import RecordedPowers
from runner.trials.trial import Trial, TrialSandbox, TrialTerms
from runner.trials.trial_input import RETURN_URL
from sandbox import CallFault, OutcomeKind, RunLimits

from .situations import Situation

#: Answers kept with runs, by user and session.
KeptByLook = Mapping[tuple[str, str], Sequence[Any]]


@dataclass(frozen=True)
class RehearsalTerms:
    """What is the same for all runs. `rates` are the calls per second that each connection allows; None: no limit."""

    link_hosts: tuple[str, ...]
    limits: RunLimits
    rates: Mapping[str, float | None]
    answers: Sequence[Any] = ()
    kept: KeptByLook = field(default_factory=dict)
    allow_loopback: bool = False


@dataclass
class Rehearsal:
    """What was counted."""

    runs: int = 0
    hidden: int = 0
    not_answered: int = 0
    alarm: bool = False
    _messages: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _failures: dict[tuple[str, int | None], dict[str, Any]] = field(default_factory=dict)
    _warnings: dict[str, dict[str, Any]] = field(default_factory=dict)
    _times: list[float] = field(default_factory=list)
    _calls: Counter[str] = field(default_factory=Counter)
    _at_once: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, situation: Situation, trial: Trial) -> None:
        """Count one run."""
        self.runs += 1
        self.alarm = self.alarm or trial.alarm
        self._times.append(trial.usage.wall_ms)
        self.not_answered += any(call.fault == CallFault.NO_ANSWER_RECORDED.value for call in trial.calls)
        for call in trial.calls:
            self._calls[call.connection] += 1
            self._at_once[call.connection, situation.session, situation.when] += 1
        example = {"user": situation.user, "session": situation.session, "now": situation.given.now}
        for text in trial.warnings:
            self._warnings.setdefault(text, {"text": text, "count": 0, "example": example})["count"] += 1
        if trial.outcome is not OutcomeKind.RETURNED:
            self._count_failure(trial, example)
        elif trial.message is None:
            self.hidden += 1
        else:
            shown = {"text": trial.message.text, "link": trial.message.link, "graphemes": graphemes(trial.message.text)}
            found = self._messages.setdefault(
                (trial.message.text, trial.message.link or ""), shown | {"count": 0, "example": example}
            )
            found["count"] += 1

    def _count_failure(self, trial: Trial, example: dict[str, Any]) -> None:
        error = trial.error
        kind, line = (error.type, error.line) if error else (trial.outcome.value, None)
        row = {"type": kind, "line": line, "text": error.text if error else "", "count": 0, "example": example}
        self._failures.setdefault((kind, line), row)["count"] += 1

    def as_json(self, rates: Mapping[str, float | None]) -> dict[str, Any]:
        """Return the whole result, as `script rehearse --json` prints it: lists with the most frequent first."""
        messages = sorted(self._messages.values(), key=lambda one: -one["count"])
        return {
            "runs": self.runs,
            "hidden": self.hidden,
            "messages": messages,
            "failed": sorted(self._failures.values(), key=lambda one: -one["count"]),
            "too_long": [one["text"] for one in messages if one["graphemes"] > ADVISED_GRAPHEMES],
            "warnings": sorted(self._warnings.values(), key=lambda one: -one["count"]),
            "not_answered": self.not_answered,
            "ms": {"median": self._time(0.5), "p95": self._time(0.95), "most": self._time(1.0)},
            "calls": [self._load(name, count, rates.get(name)) for name, count in self._calls.most_common()],
        }

    def _time(self, share: float) -> float:
        times = sorted(self._times)
        return round(times[max(0, math.ceil(share * len(times)) - 1)], 1) if times else 0.0

    def _load(self, name: str, count: int, rate: float | None) -> dict[str, Any]:
        """Return the load on a connection. `at_once`: if all who look at one session at one moment do so at the same time."""
        at_once = max(many for (connection, _, _), many in self._at_once.items() if connection == name)
        seconds = round(at_once / rate, 1) if rate else None
        return {"connection": name, "calls": count, "at_once": at_once, "rate_per_s": rate, "seconds_at_rate": seconds}


def rehearse(
    sandbox: TrialSandbox,
    version: tuple[str, bytes],
    situations: Iterable[Situation],
    terms: RehearsalTerms,
    tell: Callable[[Rehearsal], None] = lambda _: None,
) -> Rehearsal:
    """Run a version (its text and its code) in each situation. `tell` is called after each; what it raises ends the rehearsal."""
    done = Rehearsal()
    source, code = version
    for situation in situations:
        kept = terms.kept.get((situation.user, situation.session), ())
        powers = RecordedPowers([*kept, *terms.answers])
        given = replace(situation.given, return_url=RETURN_URL)
        run_terms = TrialTerms(given, terms.link_hosts, terms.limits, allow_loopback=terms.allow_loopback)
        done.add(situation, sandbox.run_code(source, code, run_terms, powers))
        if done.alarm:
            break
        tell(done)
    return done
