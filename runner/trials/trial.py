"""Trials: a script is checked or run outside status requests, for authors and reviewers.

A trial differs from a live run in two ways: nothing is cached, and vendors may be replaced by recorded answers. The jail,
the budgets and the message contract are the same, so that an author sees what an attendee would see.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from runner.powers import CallRecord
from runner.powers.answers.answer_recording import RecordingPowers
from runner.runs.budget_warnings import budget_warnings
from runner.runs.message_contract import JudgedMessage, Message, judge
from runner.runs.script_lines import lines_of, with_lines
from sandbox import (
    PREPARE_LIMITS,
    CheckResult,
    Finding,
    InstrumentedScript,
    InstrumentResult,
    JailConfig,
    JailTooWeak,
    Launch,
    Outcome,
    OutcomeKind,
    RunLimits,
    Sandbox,
    ScriptError,
    Severity,
    TracedRuns,
    Usage,
    ZygoteGone,
)

from .fact_review import ImplementationFacts
from .script_review import ScriptReview, finding_json, host_of, review_of
from .trial_terms import TrialTerms

#: Why there is nothing to try.
NO_PREPARE = "the script has no function prepare(session, api)"


class TrialSandboxUnsafeError(Exception):
    """The jail of this machine is too weak, so no script may run here."""


class TrialSandboxLostError(Exception):
    """The jail has ended and did not start again. The script is not at fault."""


@dataclass(frozen=True)
class Trial:
    """How a trial ended, and what an attendee would see: `message` is None for a hidden widget.

    `facts` are those by user id that `prepare` returned; None if it was not what was tried, or did not return.
    """

    outcome: OutcomeKind
    message: Message | None = None
    warnings: tuple[str, ...] = ()
    calls: tuple[CallRecord, ...] = ()
    log: tuple[str, ...] = ()
    usage: Usage = field(default_factory=Usage)
    error: ScriptError | None = None
    findings: tuple[Finding, ...] = ()
    alarm: bool = False
    facts: Mapping[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the trial as plain JSON values, with `findings` only if the script was refused."""
        shown = {
            "outcome": self.outcome.value,
            "message": None if self.message is None else vars(self.message),
            "warnings": list(self.warnings),
            "calls": [call.as_json() for call in self.calls],
            "log": list(self.log),
            "usage": {
                "ms": round(self.usage.wall_ms, 3),
                "cpu_ms": round(self.usage.cpu_ms, 3),
                "memory": self.usage.memory_bytes,
                "bytes": self.usage.read_bytes,
            },
            "error": None if self.error is None else error_json(self.error),
        }
        shown |= {} if self.facts is None else {"facts": dict(self.facts)}
        return shown | ({"findings": [finding_json(one) for one in self.findings]} if self.findings else {})


class TrialSandbox:
    """One sandbox for any number of trials and threads."""

    def __init__(
        self, *, allow_weak: bool = False, require: frozenset[str] = frozenset(), plain_child: bool = False
    ) -> None:
        """`plain_child`: run without any layer of the jail, for an author's own scripts on their own machine only."""
        if plain_child:
            self._sandbox = Sandbox(config=JailConfig(allow_weak=True, told=True), launch=Launch(layers=()))
        else:
            self._sandbox = Sandbox(config=JailConfig(allow_weak=allow_weak, require=require))

    @classmethod
    def over(cls, sandbox: Sandbox) -> Self:
        """Return trials in a sandbox that somebody else starts and closes."""
        made = cls.__new__(cls)
        made._sandbox = sandbox  # noqa: SLF001 - of this class
        return made

    def __enter__(self) -> Self:
        try:
            self._sandbox.start()
        except JailTooWeak as error:
            raise TrialSandboxUnsafeError(str(error)) from error
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        """Close it. Raises TrialSandboxLostError if that is why the block ends."""
        self._sandbox.close()
        if isinstance(error, ZygoteGone):
            raise TrialSandboxLostError(str(error)) from error

    def review(
        self, source: str, link_hosts: Collection[str] | None = None, facts: ImplementationFacts | None = None
    ) -> ScriptReview:
        """Check a script, and the messages in it; with `facts`, also what it asks an implementation for.

        Without `link_hosts` and without `facts` a link may lead to any host.
        """
        return review_of(source, self._sandbox.check(source), link_hosts, facts)

    def run(self, source: str, terms: TrialTerms, powers: RecordingPowers) -> Trial:
        """Check a script and run it once."""
        checked = self._sandbox.check(source)
        if checked.code is None:
            return refused_trial(checked.findings)
        return self.run_code(source, checked.code, terms, powers)

    def run_code(self, source: str, code: bytes, terms: TrialTerms, powers: RecordingPowers) -> Trial:
        """Run once what a check compiled from this text."""
        outcome = self._sandbox.run(code, terms.script_input, powers=powers, limits=terms.limits)
        trial = judged_trial(with_lines(outcome, lines_of(source)), terms, tuple(powers.calls))
        return replace(trial, warnings=(*budget_warnings(outcome.usage, terms.limits), *trial.warnings))

    def prepare(self, source: str, terms: TrialTerms, powers: RecordingPowers) -> Trial:
        """Check a script and run its `prepare` once, for the session of these terms and no user."""
        return self.prepare_checked(self._sandbox.check(source), terms, powers)

    def prepare_checked(self, checked: CheckResult, terms: TrialTerms, powers: RecordingPowers) -> Trial:
        """The same for a script that was checked."""
        if checked.code is None:
            return refused_trial(checked.findings)
        if not checked.prepares:
            return Trial(OutcomeKind.REFUSED, error=ScriptError("NoPrepare", None, NO_PREPARE))
        without_user = replace(terms.script_input, user={}, scans=(), minutes=None, return_url="")
        outcome = self._sandbox.prepare(checked.code, without_user, powers=powers)
        trial = trial_of(outcome, JudgedMessage(message=None), tuple(powers.calls))
        facts = outcome.value if outcome.kind is OutcomeKind.RETURNED else None
        return replace(trial, facts=facts, warnings=budget_warnings(outcome.usage, PREPARE_LIMITS))

    def instrument(self, source: str) -> InstrumentResult:
        """Compile a text with probes, for `traced_runs`."""
        return self._sandbox.instrument(source)

    def traced_runs(self, script: InstrumentedScript, limits: RunLimits, *, child_wall_s: float) -> TracedRuns:
        """Runs of an instrumented script that tell what they passed, in one child."""
        return self._sandbox.traced_runs(script, limits=limits, child_wall_s=child_wall_s)


def judged_trial(outcome: Outcome, terms: TrialTerms, calls: tuple[CallRecord, ...]) -> Trial:
    """What an attendee would see after a run that ended like this."""
    judged = JudgedMessage(message=None)
    if outcome.kind is OutcomeKind.RETURNED:
        hosts = host_of(outcome.value) if terms.link_hosts is None else terms.link_hosts
        judged = judge(outcome.value, hosts, allow_loopback=terms.allow_loopback)
    return trial_of(outcome, judged, calls)


def refused_trial(findings: tuple[Finding, ...]) -> Trial:
    """Return the trial of a script that may not run; its error is the first finding that forbids it."""
    first = next((finding for finding in findings if finding.severity is Severity.ERROR), None)
    error = (
        ScriptError(first.rule, first.line, first.what)
        if first
        else ScriptError("refused", None, "the check refused it")
    )
    return Trial(OutcomeKind.REFUSED, error=error, findings=findings)


def unreadable_finding(reason: str) -> Finding:
    """Return the finding for a script whose file cannot be read."""
    return Finding("unreadable", 1, 1, reason, "a script is a text file in UTF-8", "name a file with a script in it")


def trial_of(outcome: Outcome, judged: JudgedMessage, calls: tuple[CallRecord, ...]) -> Trial:
    """Return the trial of a run. If its message breaks the contract, the outcome is a failure."""
    trial = Trial(
        outcome=outcome.kind,
        message=judged.message,
        warnings=judged.warnings,
        calls=calls,
        log=outcome.log,
        usage=outcome.usage,
        error=outcome.error,
        alarm=outcome.alarm,
    )
    if judged.refused is None:
        return trial
    return replace(trial, outcome=OutcomeKind.RAISED, error=ScriptError("MessageRefused", None, judged.refused))


def error_json(error: ScriptError) -> dict[str, Any]:
    """Return an error as plain JSON values: its chain as lists, as a file that expects it has them."""
    return vars(error) | {"chain": [list(call) for call in error.chain]}
