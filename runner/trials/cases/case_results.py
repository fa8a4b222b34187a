"""What came of the cases of one script, as plain JSON values, field for field what `script test --json` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from runner.trials.trial import Trial
from sandbox import InstrumentedScript, RunTrace

#: What a case may expect; the names are those of a trial.
EXPECTABLE: Final = ("outcome", "message", "warnings", "log", "error", "facts")
#: What a message has in an expectation.
MESSAGE_PARTS: Final = ("text", "link", "color")
_NO_MESSAGE_PARTS: Final = {"link": None, "color": None}


@dataclass(frozen=True)
class CaseResult:
    """One case. `error` says why it could not be run, and then there is no trial, or that its script attacked.

    `trace` is what its second run, with probes, passed; None if that run ended before it could tell.
    """

    name: str
    expected: Mapping[str, Any] | None = None
    trial: Trial | None = None
    trace: RunTrace | None = None
    error: str | None = None
    facts: Mapping[str, Any] | None = None  #: what `prepare` returned, if the case expects something of it
    ignored: tuple[str, ...] = ()  #: what its INPUT has that is not known, each with what there is

    @property
    def got(self) -> dict[str, Any] | None:
        """What happened, in the names of the expectation; always with outcome, message and error."""
        if self.trial is None:
            return None
        told = self.trial.as_json() | ({"facts": self.facts} if self.facts is not None else {})
        names = dict.fromkeys((*(self.expected or ()), "outcome", "message", "error"))
        return {name: told.get(name) for name in names}

    @property
    def difference(self) -> list[dict[str, Any]]:
        """Where it is not as expected."""
        return differences(self.expected or {}, self.got or {})

    @property
    def passed(self) -> bool:
        """Whether it ran and everything was as expected."""
        return self.error is None and not self.difference

    def as_json(self) -> dict[str, Any]:
        """The case as it is listed; under `ignored`, if there is any, what of its INPUT is not known."""
        told = {
            "name": self.name,
            "passed": self.passed,
            "expected": None if self.expected is None else dict(self.expected),
            "got": self.got,
            "difference": self.difference,
            "error": self.error,
        }
        return told | ({"ignored": [*self.ignored]} if self.ignored else {})


@dataclass(frozen=True)
class ScriptResults:
    """All cases of one script. Without a script (it was refused) there is no coverage."""

    file: str
    cases: Sequence[CaseResult]
    script: InstrumentedScript | None
    unused: Sequence[Mapping[str, str]] = ()

    @property
    def failed(self) -> int:
        """How many cases did not pass."""
        return sum(not case.passed for case in self.cases)

    @property
    def has_run(self) -> bool:
        """Whether any case was run."""
        return any(case.trial is not None for case in self.cases)

    def as_json(self) -> dict[str, Any]:
        """The whole result."""
        return {
            "file": self.file,
            "passed": len(self.cases) - self.failed,
            "failed": self.failed,
            "cases": [case.as_json() for case in self.cases],
            "coverage": self._coverage(),
            "unused_answers": [dict(one) for one in self.unused],
            "messages": self._messages(),
        }

    def _coverage(self) -> dict[str, Any]:
        """The coverage by all cases; under `incomplete`, if there are any, those that ran and are not counted in it."""
        told = coverage(self.script, [case.trace for case in self.cases if case.trace is not None])
        incomplete = [case.name for case in self.cases if case.trial is not None and case.trace is None]
        return told | ({"incomplete": incomplete} if incomplete else {})

    def _messages(self) -> list[dict[str, Any]]:
        shown: dict[tuple[Any, ...], list[str]] = {}
        for case in self.cases:
            message = case.trial.message if case.trial else None
            if message is not None:
                shown.setdefault((message.text, message.link, message.color), []).append(case.name)
        return [
            {"text": text, "link": link, "color": color, "cases": names} for (text, link, color), names in shown.items()
        ]


def coverage(script: InstrumentedScript | None, traces: Sequence[RunTrace]) -> dict[str, Any]:
    """The first lines of the statements, those that no run reached, and the branches that no run took."""
    if script is None:
        return {"lines": [], "missed": [], "branches_missed": []}
    reached = frozenset[int]().union(*(trace.lines for trace in traces))
    taken = frozenset[tuple[int, bool]]().union(*(trace.tests for trace in traces))
    missed = {
        (site.line, target)
        for number, site in enumerate(script.sites)
        for target, outcome in ((site.entered, True), (site.left, False))
        if target is not None and (number, outcome) not in taken
    }
    return {
        "lines": [*script.lines],
        "missed": [line for line in script.lines if line not in reached],
        "branches_missed": [list(branch) for branch in sorted(missed)],
    }


def differences(expected: Mapping[str, Any], got: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Where what happened is not as expected: of an error only what was named, of a message and of facts all of it."""
    found: list[dict[str, Any]] = []
    for name, value in expected.items():
        whole = {**_NO_MESSAGE_PARTS, **value} if name == "message" and isinstance(value, Mapping) else value
        found += _of_facts(value, got.get(name)) if name == "facts" else _differences(name, whole, got.get(name))
    return found


def _of_facts(expected: Mapping[str, Any], got: Any) -> list[dict[str, Any]]:
    """The users whose facts are not exactly as expected, also those of whom nothing was expected."""
    known = got if isinstance(got, Mapping) else {}
    users = [*expected, *(user for user in known if user not in expected)]
    told = [{"what": f"facts.{user}", "expected": expected.get(user), "got": known.get(user)} for user in users]
    if got is None:
        return [{"what": "facts", "expected": dict(expected), "got": None}]
    return [one for one in told if one["expected"] != one["got"]]


def _differences(what: str, expected: Any, got: Any) -> list[dict[str, Any]]:
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return [one for name, value in expected.items() for one in _differences(f"{what}.{name}", value, got.get(name))]
    return [] if expected == got else [{"what": what, "expected": expected, "got": got}]
