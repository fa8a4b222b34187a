"""One run, as the broker sees it: send the request, serve the calls, enforce the budgets, take the final report.

Everything that a script can use up is counted here, in the trusted process, and a used-up budget ends the run by ending
its child: there is nothing that a script could catch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any, Generic, TypeVar

from . import exit_status, frame_schemas
from .channel import Channel, ChildEnded, ChildExit, TimeUp, TooLarge
from .errors import CallNotMade
from .frame_schemas import RunReport
from .frames import CHILD_FRAME_BYTES, FrameError, decode_from_child, encode
from .outcomes import MIB, Outcome, OutcomeKind, Powers, RunLimits, ScriptError, ScriptInput, Usage

Report = TypeVar("Report")


class RunStopped(Exception):
    """The broker ends the run with `report` as its outcome. Never leaves this package."""

    def __init__(self, report: RunReport) -> None:
        super().__init__(report.kind)
        self.report = report


#: Address space that a child may have beside its run's memory, with room to spare (an idle child has 32 MiB).
_IDLE_CHILD_BYTES = 256 * MIB


@dataclass(frozen=True)
class ExchangeResult(Generic[Report]):
    """The result of an exchange with a child: its final report, or why the broker stopped it, or neither if it just ended."""

    report: Report | None = None
    stopped: RunReport | None = None
    forged: bool = False  #: it was stopped for a frame that no script can send


def forged_exchange(what: object) -> ExchangeResult[Report]:
    """The result of an exchange with a child that no longer runs the sandbox's own code."""
    return ExchangeResult(stopped=exit_status.forged_frame_report(what), forged=True)


def run_exchange(exchange: Callable[[], Report], limits: RunLimits) -> ExchangeResult[Report]:
    """Run an exchange with a child, and turn every way in which it can break off into a value."""
    try:
        return ExchangeResult(exchange())
    except ChildEnded:
        return ExchangeResult()
    except RunStopped as stopped:
        return ExchangeResult(stopped=stopped.report)
    except TimeUp:
        return ExchangeResult(stopped=exit_status.timeout_report(f"the time of {limits.wall_s:g} s is used up"))
    except TooLarge as fault:
        if fault.length > limits.memory_bytes + _IDLE_CHILD_BYTES:
            return forged_exchange(f"the announcement of {fault.length} bytes, more than its memory can hold")
        return ExchangeResult(
            stopped=RunReport(OutcomeKind.TOO_MUCH_OUTPUT, error=ScriptError("TooMuchOutput", None, str(fault)))
        )
    except FrameError as fault:
        return forged_exchange(fault)


def finish_exchange(
    result: ExchangeResult[Report], channel: Channel, deadline: float
) -> tuple[ExchangeResult[Report], ChildExit]:
    """End the child: at once if it was stopped, else it has until `deadline`. Data after the final report is a forgery."""
    child_exit = channel.end(None if result.stopped else deadline)
    if result.report is not None and channel.has_unread_data():
        return forged_exchange("more data after its final report"), child_exit
    return result, child_exit


class RunProtocol:
    """The exchange between broker and child during one run; one object serves one run and one thread."""

    #: What the child is asked to do, and how many bytes one of its frames may have.
    operation, frame_bytes = "run", CHILD_FRAME_BYTES

    def __init__(self, channel: Channel, powers: Powers, limits: RunLimits) -> None:
        self._channel = channel
        self._powers = powers
        self._limits = limits
        self._started = time.monotonic()
        self._deadline = self._started + limits.wall_s
        self._log: list[str] = []
        self._dropped_log_lines = False
        self._line: int | None = None  #: the line of the script's last call or log line, as its child stated it
        self._calls = 0
        self._read_bytes = 0

    def run(self, code: bytes, script_input: ScriptInput) -> Outcome:
        """From the request to the outcome, in these steps; a later step overrules an earlier one.

        1. The child's final report, or the reason why the broker stops it.
        2. The child's end; after its report it has the time that is left to end by itself, and may send nothing more.
        3. A forbidden system call overrules everything; it or a forged frame is an alarm.
        """
        request = encode({"op": self.operation, "input": asdict(script_input), "log_lines": self._limits.log_lines})
        result = run_exchange(lambda: self._exchange(request, code), self._limits)  # 1
        result, child_exit = finish_exchange(result, self._channel, self._deadline)  # 2
        report = result.stopped or (result.report if exit_status.exited_cleanly(child_exit) else None)
        if report is None or exit_status.is_alarm(child_exit):
            report = exit_status.report_from_exit(child_exit, self._limits)  # 3
            report = exit_status.with_last_known_line(report, self._line)
        outcome = self.outcome(report, child_exit)
        return replace(outcome, alarm=exit_status.is_alarm(child_exit) or result.forged)

    @property
    def last_line(self) -> int | None:
        """The line of the script's last call or log line, as its child stated it."""
        return self._line

    def outcome(self, report: RunReport, child_exit: ChildExit) -> Outcome:
        """The outcome for a report, with what this run wrote to its log and used."""
        return Outcome(
            kind=report.kind,
            value=report.value,
            log=(*self._log, *([self._dropped_note()] if self._dropped_log_lines else [])),
            usage=self._usage(child_exit),
            error=report.error,
        )

    def serve(self) -> tuple[dict[str, Any], int]:
        """Serve log lines and calls until another frame comes; return it with its size."""
        while True:
            body = self._channel.receive(self.frame_bytes, self._deadline)
            frame = decode_from_child(body)
            if frame.get("t") == "log":
                self._add_log_line(frame)
            elif frame.get("t") == "call":
                self._channel.send(encode(self._serve_call(frame)), self._deadline)
            else:
                return frame, len(body)
            self._line = frame["line"]

    def _exchange(self, request: bytes, code: bytes) -> RunReport:
        self._channel.send(request, self._deadline)
        self._channel.send(code, self._deadline)
        frame, size = self.serve()
        return self.judged_report(self.report_of(frame), size)

    def report_of(self, frame: dict[str, Any]) -> RunReport:
        """The child's final report, from its frame. Raises `FrameError`."""
        return frame_schemas.run_report_of(frame)

    def judged_report(self, report: RunReport, size: int) -> RunReport:
        """A child's report on its run, held against the budgets; `size` is that of its frame in bytes."""
        if report.kind is OutcomeKind.OUT_OF_MEMORY and report.error is not None:
            text = f"the memory of {self._limits.memory_bytes / MIB:g} MiB is used up"
            return RunReport(report.kind, error=replace(report.error, type="MemoryError", text=text))
        if report.kind is OutcomeKind.RETURNED and size > self._limits.output_bytes:
            raise _budget_used_up(
                OutcomeKind.TOO_MUCH_OUTPUT, f"the answer has {size} bytes; the limit is {self._limits.output_bytes}"
            )
        return report

    def _add_log_line(self, frame: dict[str, Any]) -> None:
        """Keep one line; the first one beyond the budget becomes a note, and its child sends no further one."""
        line = frame_schemas.line_of(frame, self._limits.log_chars)
        if self._dropped_log_lines:
            raise FrameError("a log line after the first that was dropped")
        self._dropped_log_lines = len(self._log) >= self._limits.log_lines
        if not self._dropped_log_lines:
            self._log.append(line)

    def _dropped_note(self) -> str:
        return f"(further lines were dropped: a run may log {self._limits.log_lines})"

    def _serve_call(self, frame: dict[str, Any]) -> dict[str, Any]:
        """Make one call and return the answer for the child. Raises `RunStopped` for a used-up budget."""
        if self._calls >= self._limits.calls:
            raise _budget_used_up(OutcomeKind.CALL_REFUSED, f"the budget of {self._limits.calls} calls is used up")
        self._calls += 1
        left = self._limits.read_bytes - self._read_bytes
        if left <= 0:
            raise self._read_budget_used_up()
        try:
            answer = self._powers.call(frame_schemas.call_of(frame), deadline=self._deadline, read_bytes_left=left)
        except CallNotMade as fault:
            self._count_bytes(fault.bytes_read)
            return {"fault": fault.fault, "text": fault.text}
        self._count_bytes(answer.bytes_read)
        return {"status": answer.status, "headers": dict(answer.headers), "text": answer.text}

    def _count_bytes(self, bytes_read: int) -> None:
        self._read_bytes += bytes_read
        if self._read_bytes > self._limits.read_bytes:
            raise self._read_budget_used_up()

    def _read_budget_used_up(self) -> RunStopped:
        return _budget_used_up(
            OutcomeKind.CALL_REFUSED, f"the budget of {self._limits.read_bytes} bytes read is used up"
        )

    def _usage(self, child_exit: ChildExit) -> Usage:
        return Usage(
            wall_ms=(time.monotonic() - self._started) * 1000,
            cpu_ms=child_exit.cpu_s * 1000,
            memory_bytes=child_exit.peak_bytes,
            idle_bytes=child_exit.idle_bytes,
            calls=self._calls,
            read_bytes=self._read_bytes,
            log_lines=len(self._log),
        )


def _budget_used_up(kind: OutcomeKind, text: str) -> RunStopped:
    """The end of a run because of a used-up budget, which the text names."""
    return RunStopped(RunReport(kind, error=ScriptError("BudgetUsedUp", None, text)))
