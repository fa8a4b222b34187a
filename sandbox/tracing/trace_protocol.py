"""Traced runs: one child compiles with probes, and one child runs the result for one input after the other.

Unlike live runs, traced runs of one script share a child, because most of the time of a run is the child's start and end.
That weakens nothing that protects others: the child is jailed as any other, holds inputs of this one script only, and a
script that carries something over from run to run deceives only the list about itself, whose examples are run again alone.
"""

from __future__ import annotations

import time
from dataclasses import replace
from types import TracebackType
from typing import Self

from sandbox import exit_status
from sandbox.channel import Channel, ChildExit
from sandbox.check_protocol import CHECK_LIMITS, failed_result, probable_place
from sandbox.frame_schemas import RunReport, failure_report_of
from sandbox.frames import CODE_FRAME_BYTES, FrameError, decode_from_child, encode
from sandbox.outcomes import Finding, OutcomeKind, Powers, RunLimits, ScriptError, ScriptInput
from sandbox.run_protocol import RunProtocol, RunStopped, finish_exchange, run_exchange

from . import trace_schemas
from .traces import InstrumentedScript, InstrumentResult, RunTrace, TracedOutcome

_REFUSED = Finding(
    "refused", 1, 1, "The check refuses this script.", "What may not run gets no probes.", "Check it, and correct it."
)
#: Seconds that a child has to end by itself after its last run.
_END_S = 1.0


def instrument(channel: Channel, source: str) -> InstrumentResult | None:
    """Compile `source` with probes in the child behind `channel`; a text for which that fails gets a finding.

    None: its zygote died, which says nothing about the text.
    """
    deadline = time.monotonic() + CHECK_LIMITS.wall_s
    result = run_exchange(lambda: _instrument_exchange(channel, source, deadline), CHECK_LIMITS)
    result, child_exit = finish_exchange(result, channel, deadline)
    if result.stopped is None and exit_status.is_unknown(child_exit):
        return None
    failure = result.stopped or (result.report if isinstance(result.report, RunReport) else None)
    if failure is None and isinstance(result.report, InstrumentedScript) and exit_status.exited_cleanly(child_exit):
        if result.report.code:
            return InstrumentResult(script=result.report)
        line, column = probable_place(source)
        return InstrumentResult(finding=replace(_REFUSED, line=line, column=column))
    alarm = result.forged or exit_status.is_alarm(child_exit)
    failed = failed_result(source, failure or exit_status.report_from_exit(child_exit, CHECK_LIMITS), alarm=alarm)
    return InstrumentResult(finding=failed.findings[0])


def _instrument_exchange(channel: Channel, source: str, deadline: float) -> InstrumentedScript | RunReport:
    channel.send(encode({"op": "instrument", "source": source}), deadline)
    frame = decode_from_child(channel.receive(CODE_FRAME_BYTES, deadline))
    if frame.get("t") == "failed":
        return failure_report_of(frame)
    if frame.get("t") != "instrumented":
        raise FrameError("a frame that no compile with probes sends")
    script = trace_schemas.instrumented_of(frame)
    if not frame["has_code"]:
        return script
    code = channel.receive(CODE_FRAME_BYTES, deadline)
    if not code:
        raise FrameError("code that is empty")
    return replace(script, code=code)


class TracedRuns:
    """One child for several runs of one instrumented script. A context manager; one object serves one thread.

    After a run that had to be stopped the child is gone: `is_open` is then false, and the next run needs another object.
    """

    def __init__(self, channel: Channel, script: InstrumentedScript, limits: RunLimits) -> None:
        self.is_open = True
        self._channel = channel
        self._code = script.code
        self._limits = limits
        self._has_code = False

    def run(self, script_input: ScriptInput, powers: Powers) -> TracedOutcome:
        """One run; whatever the script does becomes the outcome. Steps are those of `RunProtocol.run`.

        The child's exit is known only if this run ended the child; else it is checked in `close`.
        """
        protocol = RunProtocol(self._channel, powers, self._limits)
        budgets = {"calls": self._limits.calls, "log_lines": self._limits.log_lines}
        request = encode({"op": "input", "input": vars(script_input), **budgets})
        result = run_exchange(lambda: self._exchange(protocol, request), self._limits)
        if result.report is None:
            self.is_open = False
            child_exit = self._channel.end(None if result.stopped else time.monotonic() + _END_S)
            report = result.stopped
            if report is None or exit_status.is_alarm(child_exit):
                report = exit_status.report_from_exit(child_exit, self._limits)
            alarm = exit_status.is_alarm(child_exit) or result.forged
            outcome = protocol.outcome(report, child_exit)
            error = outcome.error and replace(outcome.error, line=outcome.error.line or protocol.last_line)
            return TracedOutcome(replace(outcome, alarm=alarm, error=error))
        report, trace = result.report
        if report.kind is not OutcomeKind.OUT_OF_MEMORY:
            return TracedOutcome(protocol.outcome(report, ChildExit()), trace)
        alarm = self.close()  # the child ends after such a report
        return TracedOutcome(replace(protocol.outcome(report, ChildExit()), alarm=alarm), trace)

    def close(self) -> bool:
        """End the child; return whether it had done what the kernel forbids, or sent more than it should."""
        if not self.is_open:
            return False
        self.is_open = False
        deadline = time.monotonic() + _END_S
        run_exchange(lambda: self._channel.send(encode({"op": "end"}), deadline), self._limits)
        child_exit = self._channel.end(deadline)
        return exit_status.is_alarm(child_exit) or self._channel.has_unread_data()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self.close()
        finally:
            self._channel.close()

    def _exchange(self, protocol: RunProtocol, request: bytes) -> tuple[RunReport, RunTrace]:
        deadline = time.monotonic() + self._limits.wall_s
        if not self._has_code:
            self._channel.send(encode({"op": "trace"}), deadline)
            self._channel.send(self._code, deadline)
            self._has_code = True
        self._channel.send(request, deadline)
        frame, _ = protocol.serve()
        if frame.get("t") != "traced":
            raise FrameError("a frame that no traced run sends")
        report, trace, size = trace_schemas.traced_of(frame)
        try:
            return _held_against(trace, protocol.judged_report(report, size)), trace
        except RunStopped as stopped:  # for the size of its result; the child waits for the next input
            return stopped.report, trace


#: Budget that a recorder counts -> how a live run ends that uses it up.
_ENDS = {
    "steps": (OutcomeKind.TIMED_OUT, "more lines were run than a traced run may run"),
    "call": (OutcomeKind.CALL_REFUSED, "the budget of calls is used up"),
}


def _held_against(trace: RunTrace, report: RunReport) -> RunReport:
    """The report of a run that the recorder ended, in the line where it was; any other as it is."""
    if not trace.used_up:
        return report
    kind, text = _ENDS[trace.used_up]
    return RunReport(kind, error=ScriptError("BudgetUsedUp", report.error.line if report.error else None, text))
