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
from urllib.parse import urlsplit

from records.message_text import ADVISED_GRAPHEMES, graphemes
from runner.powers import RecordedPowers
from runner.trials.trial import Trial, TrialSandbox
from runner.trials.trial_input import RETURN_URL
from runner.trials.trial_terms import TrialTerms
from sandbox import CallFault, OutcomeKind, RunLimits

from .event_clock import EventClock
from .personal_texts import without_person
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
class CountedRow:
    """Runs that ended alike. `values` are what they have in common; `text` is what the person of the example was told."""

    values: dict[str, Any]
    situation: Situation
    text: str
    longest: int = 0  #: graphemes of the longest text
    count: int = 0
    people: set[str] = field(default_factory=set)
    moments: Counter[str] = field(default_factory=Counter)

    def add(self, situation: Situation, text: str) -> None:
        """Count one more."""
        self.count += 1
        self.people.add(situation.user)
        self.moments[situation.when] += 1
        self.longest = max(self.longest, graphemes(text))

    @property
    def example(self) -> dict[str, Any]:
        """Whose run it was, at which session, and when."""
        return {"user": self.situation.user, "session": self.situation.session, "now": self.situation.given.now}


@dataclass
class Rehearsal:
    """What was counted. Rows are those of one text of the script each, whoever it was for."""

    runs: int = 0
    hidden: int = 0
    not_answered: int = 0
    alarm: bool = False
    clock: EventClock = field(default_factory=EventClock)
    messages: dict[tuple[str, str], CountedRow] = field(default_factory=dict)
    failures: dict[tuple[str, int | None], CountedRow] = field(default_factory=dict)
    warnings: dict[str, CountedRow] = field(default_factory=dict)
    _times: list[float] = field(default_factory=list)

    def add(self, situation: Situation, trial: Trial) -> None:
        """Count one run."""
        self.runs += 1
        self.alarm = self.alarm or trial.alarm
        self._times.append(trial.usage.wall_ms)
        self.not_answered += any(call.fault == CallFault.NO_ANSWER_RECORDED.value for call in trial.calls)
        for text in trial.warnings:
            _count(self.warnings, text, situation, text, {"text": text})
        if trial.outcome is not OutcomeKind.RETURNED:
            ended = "failed"
            self._count_failure(situation, trial)
        elif trial.message is None:
            ended = "hidden"
            self.hidden += 1
        else:
            ended = "shown"
            host = urlsplit(trial.message.link or "").hostname or ""
            text = without_person(trial.message.text, {**situation.given.user, "facts": situation.given.facts})
            values = {"text": text, "link": trial.message.link, "host": host}
            _count(self.messages, (text, host), situation, trial.message.text, values)
        self.clock.add(situation, ended, [call.connection for call in trial.calls])

    def _count_failure(self, situation: Situation, trial: Trial) -> None:
        error = trial.error
        kind, line = (error.type, error.line) if error else (trial.outcome.value, None)
        text = error.text if error else ""
        _count(self.failures, (kind, line), situation, text, {"type": kind, "line": line, "text": text})

    def as_json(self, rates: Mapping[str, float | None]) -> dict[str, Any]:
        """Return the whole result, as `script rehearse --json` prints it: lists with the most frequent first."""
        messages = [_json(one) | {"graphemes": one.longest} for one in most_frequent(self.messages)]
        return {
            "runs": self.runs,
            "hidden": self.hidden,
            "messages": messages,
            "failed": [_json(one) for one in most_frequent(self.failures)],
            "too_long": [one["text"] for one in messages if one["graphemes"] > ADVISED_GRAPHEMES],
            "warnings": [_json(one) for one in most_frequent(self.warnings)],
            "not_answered": self.not_answered,
            "ms": self.times(),
            "calls": self.clock.load(rates),
        }

    def times(self) -> dict[str, float]:
        """Return how long runs took, in milliseconds: half, 95 of 100, and all of them at most."""
        return {"median": self._time(0.5), "p95": self._time(0.95), "most": self._time(1.0)}

    def _time(self, share: float) -> float:
        times = sorted(self._times)
        return round(times[max(0, math.ceil(share * len(times)) - 1)], 1) if times else 0.0


def most_frequent(rows: Mapping[Any, CountedRow]) -> list[CountedRow]:
    """Return rows, the most frequent first."""
    return sorted(rows.values(), key=lambda one: -one.count)


def rehearse(
    sandbox: TrialSandbox,
    version: tuple[str, bytes],
    situations: Iterable[Situation],
    terms: RehearsalTerms,
    tell: Callable[[Rehearsal], bool] = lambda _: True,
) -> Rehearsal:
    """Run a version (its text and its code) in each situation.

    `tell` is called after each; if it returns False, the rehearsal ends with what was counted, and what it raises ends it.
    """
    done = Rehearsal()
    source, code = version
    for situation in situations:
        kept = terms.kept.get((situation.user, situation.session), ())
        powers = RecordedPowers([*kept, *terms.answers])
        given = replace(situation.given, return_url=RETURN_URL)
        run_terms = TrialTerms(given, terms.link_hosts, terms.limits, allow_loopback=terms.allow_loopback)
        done.add(situation, sandbox.run_code(source, code, run_terms, powers))
        if done.alarm or not tell(done):
            break
    return done


def _count(rows: dict[Any, CountedRow], key: Any, situation: Situation, text: str, values: dict[str, Any]) -> None:
    if key not in rows:
        rows[key] = CountedRow(values, situation, text)
    rows[key].add(situation, text)


def _json(row: CountedRow) -> dict[str, Any]:
    return row.values | {"count": row.count, "example": row.example}
