"""One run, as the broker sees it: hand over the order, serve the calls, keep the budgets, take the last word.

Everything a script can use up is counted here, in the trusted process, and a used-up budget ends the run by ending its
child: there is nothing a script could catch.
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

Word = TypeVar("Word")


class RunStopped(Exception):
    """The broker ends the run, and `last` is its outcome. Stays inside this package."""

    def __init__(self, last: RunReport) -> None:
        super().__init__(last.kind)
        self.last = last


#: Address space which a child may have beside what its run may use, generously (an idle one has 32 MiB).
_IDLE_CHILD_BYTES = 256 * MIB


@dataclass(frozen=True)
class ExchangeResult(Generic[Word]):
    """What came of a talk with a child: its last word, or why the broker stopped it, or, with neither, silence."""

    word: Word | None = None
    stopped: RunReport | None = None
    forged: bool = False  #: it was stopped for a frame that no script can send


def forged_exchange(what: object) -> ExchangeResult[Word]:
    """The end of a talk with a child that is not ours any more."""
    return ExchangeResult(stopped=exit_status.forged_frame_report(what), forged=True)


def run_exchange(talk: Callable[[], Word], limits: RunLimits) -> ExchangeResult[Word]:
    """Have the talk, and turn every way in which it can break off into a value."""
    try:
        return ExchangeResult(talk())
    except ChildEnded:
        return ExchangeResult()
    except RunStopped as stopped:
        return ExchangeResult(stopped=stopped.last)
    except TimeUp:
        return ExchangeResult(stopped=exit_status.timeout_report(f"the time of {limits.wall_s:g} s is used up"))
    except TooLarge as fault:
        if fault.length > limits.memory_bytes + _IDLE_CHILD_BYTES:
            return forged_exchange(f"the announcement of {fault.length} bytes, for which it has no memory")
        return ExchangeResult(
            stopped=RunReport(OutcomeKind.TOO_MUCH_OUTPUT, error=ScriptError("TooMuchOutput", None, str(fault)))
        )
    except FrameError as fault:
        return forged_exchange(fault)


def finish_exchange(
    said: ExchangeResult[Word], channel: Channel, deadline: float
) -> tuple[ExchangeResult[Word], ChildExit]:
    """Have the child end: at once if it was stopped, else in the time that is left. Behind a last word comes nothing."""
    end = channel.end(None if said.stopped else deadline)
    if said.word is not None and channel.said_more():
        return forged_exchange("more, after its last word"), end
    return said, end


class RunProtocol:
    """What broker and child say to each other during one run; one object serves one run and one thread."""

    def __init__(self, channel: Channel, powers: Powers, limits: RunLimits) -> None:
        self._channel = channel
        self._powers = powers
        self._limits = limits
        self._started = time.monotonic()
        self._deadline = self._started + limits.wall_s
        self._log: list[str] = []
        self._line: int | None = None  #: where the script was when it was last heard of, as its child said
        self._calls = 0
        self._read_bytes = 0

    def run(self, code: bytes, given: ScriptInput) -> Outcome:
        """From the order to the outcome, in this order, because the later decides over the earlier.

        1. The child's last word, or the reason why the broker stops.
        2. The child's end; after a last word it has the time that is left to end by itself, and nothing more to say.
        3. A forbidden system call goes before everything, and it or a forged frame is an alarm.
        """
        order = encode({"op": "run", "given": asdict(given)})
        said = run_exchange(lambda: self._talk(order, code), self._limits)  # 1
        said, end = finish_exchange(said, self._channel, self._deadline)  # 2
        last = said.stopped or (said.word if exit_status.ended_well(end) else None)
        if last is None or exit_status.is_alarm(end):
            last = exit_status.with_last_known_line(exit_status.report_from_exit(end, self._limits), self._line)  # 3
        return Outcome(
            kind=last.kind,
            value=last.value,
            log=tuple(self._log),
            usage=self._usage(end),
            error=last.error,
            alarm=exit_status.is_alarm(end) or said.forged,
        )

    def _talk(self, order: bytes, code: bytes) -> RunReport:
        self._channel.send(order, self._deadline)
        self._channel.send(code, self._deadline)
        while True:
            body = self._channel.receive(CHILD_FRAME_BYTES, self._deadline)
            frame = decode_from_child(body)
            if frame.get("t") == "log":
                self._note(frame)
            elif frame.get("t") == "call":
                self._channel.send(encode(self._serve(frame)), self._deadline)
            else:
                return self._last(frame, len(body))
            self._line = frame["line"]

    def _last(self, frame: dict[str, Any], size: int) -> RunReport:
        last = frame_schemas.run_report_of(frame)
        if last.kind is OutcomeKind.OUT_OF_MEMORY and last.error is not None:
            text = f"the memory of {self._limits.memory_bytes / MIB:g} MiB is used up"
            return RunReport(last.kind, error=replace(last.error, type="MemoryError", text=text))
        if last.kind is OutcomeKind.RETURNED and size > self._limits.output_bytes:
            raise _budget(
                OutcomeKind.TOO_MUCH_OUTPUT, f"the answer has {size} bytes; the limit is {self._limits.output_bytes}"
            )
        return last

    def _note(self, frame: dict[str, Any]) -> None:
        line = frame_schemas.line_of(frame, self._limits.log_chars)
        if len(self._log) >= self._limits.log_lines:
            raise _budget(OutcomeKind.TOO_MUCH_OUTPUT, f"the budget of {self._limits.log_lines} log lines is used up")
        self._log.append(line)

    def _serve(self, frame: dict[str, Any]) -> dict[str, Any]:
        """The answer to one call, as the child gets it. Raises `RunStopped` for a used-up budget."""
        if self._calls >= self._limits.calls:
            raise _budget(OutcomeKind.CALL_REFUSED, f"the budget of {self._limits.calls} calls is used up")
        self._calls += 1
        left = self._limits.read_bytes - self._read_bytes
        if left <= 0:
            raise self._read_too_much()
        try:
            answer = self._powers.call(frame_schemas.call_of(frame), deadline=self._deadline, read_bytes_left=left)
        except CallNotMade as fault:
            self._count(fault.bytes_read)
            return {"fault": fault.fault, "text": fault.text}
        self._count(answer.bytes_read)
        return {"status": answer.status, "headers": dict(answer.headers), "text": answer.text}

    def _count(self, bytes_read: int) -> None:
        self._read_bytes += bytes_read
        if self._read_bytes > self._limits.read_bytes:
            raise self._read_too_much()

    def _read_too_much(self) -> RunStopped:
        return _budget(OutcomeKind.CALL_REFUSED, f"the budget of {self._limits.read_bytes} bytes read is used up")

    def _usage(self, end: ChildExit) -> Usage:
        return Usage(
            wall_ms=(time.monotonic() - self._started) * 1000,
            cpu_ms=end.cpu_s * 1000,
            memory_bytes=end.peak_bytes,
            idle_bytes=end.idle_bytes,
            calls=self._calls,
            read_bytes=self._read_bytes,
            log_lines=len(self._log),
        )


def _budget(kind: OutcomeKind, text: str) -> RunStopped:
    """A used-up budget; the text names it."""
    return RunStopped(RunReport(kind, error=ScriptError("BudgetUsedUp", None, text)))
