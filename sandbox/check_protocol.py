"""One check: the script's text goes into a jailed child, findings and compiled code come out.

A text is as hostile as a program: compilers loop, eat memory and crash on the right input. So it is compiled where a
script runs, and the worst that a text can do is to earn a finding about itself. The code that comes back is opaque here
and is loaded in another jailed child only.
"""

from __future__ import annotations

import hashlib
import time

from . import exit_status, frame_schemas
from .channel import Channel
from .frame_schemas import CheckReport, RunReport
from .frames import CODE_FRAME_BYTES, FrameError, decode_from_child, encode
from .outcomes import MIB, CheckResult, Finding, OutcomeKind, RunLimits
from .run_protocol import finish_exchange, run_exchange

#: A check has no vendor to wait for, but a compiler needs more memory than a script.
CHECK_LIMITS = RunLimits(wall_s=10.0, cpu_s=5.0, memory_bytes=192 * MIB)
#: A text over this size is not even looked at. The language layer's own limit is far lower and says it better.
SOURCE_CHARS = 1024 * 1024

_RULES = {
    OutcomeKind.TIMED_OUT: ("check-timed-out", "The check of this script did not end in time."),
    OutcomeKind.OUT_OF_MEMORY: ("check-out-of-memory", "The check of this script needed too much memory."),
    OutcomeKind.RAISED: ("check-failed", "This script could not be read."),
    OutcomeKind.TOO_MUCH_OUTPUT: (
        "check-too-much-output",
        "This script has too many findings, or compiles to too much.",
    ),
}
_ALARM = ("check-alarm", "This script made its check do what no check does. Take it for an attack.")
_CRASHED = ("check-crashed", "The check of this script crashed.")


def check(channel: Channel, source: str) -> CheckResult:
    """Compile `source` in the child behind `channel`."""
    deadline = time.monotonic() + CHECK_LIMITS.wall_s
    said = run_exchange(lambda: _talk(channel, source, deadline), CHECK_LIMITS)
    said, end = finish_exchange(said, channel, deadline)
    failed = said.stopped
    if failed is None and (said.word is None or not exit_status.ended_well(end)):
        failed = exit_status.report_from_exit(end, CHECK_LIMITS)
    if failed is not None or said.word is None:
        alarm = said.forged or exit_status.is_alarm(end)
        return refused(source, failed or exit_status.report_from_exit(end, CHECK_LIMITS), alarm=alarm)
    review, code = said.word
    if isinstance(review, RunReport):
        return refused(source, review)
    return CheckResult(
        digest(source), review.findings, review.literals, review.api_level, code, settings=review.settings
    )


def refused(source: str, last: RunReport, *, alarm: bool = False) -> CheckResult:
    """A check that did not come to its end, as a finding."""
    rule, what = _ALARM if alarm else _RULES.get(last.kind, _CRASHED)
    why = f"{last.error.type}: {last.error.text}" if last.error else str(last.kind)
    line = (last.error.line if last.error else None) or 1
    finding = Finding(rule, line, 1, what, why, "Write it simpler and in smaller parts.")
    return CheckResult(digest(source), (finding,), alarm=alarm)


def digest(source: str) -> str:
    """The SHA-256 of the text, by which a version is known; of any text, even one that cannot be encoded."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def too_long(source: str) -> CheckResult:
    """A text that is refused unread."""
    what = f"This script has {len(source)} characters."
    why = f"More than {SOURCE_CHARS} are not even read."
    return CheckResult(digest(source), (Finding("source-too-long", 1, 1, what, why, "Make it shorter."),))


def not_text(source: str) -> CheckResult:
    """Lone halves of characters: no file holds them, so nobody wrote them by hand."""
    what = "This script has characters which are no text (lone surrogates)."
    finding = Finding("source-not-text", 1, 1, what, "They cannot be stored.", "Save the file as UTF-8.")
    return CheckResult(digest(source), (finding,))


def _talk(channel: Channel, source: str, deadline: float) -> tuple[CheckReport | RunReport, bytes | None]:
    channel.send(encode({"op": "check", "source": source}), deadline)
    frame = decode_from_child(channel.receive(CODE_FRAME_BYTES, deadline))
    if frame.get("t") == "failed":
        return frame_schemas.failure_report_of(frame), None
    review = frame_schemas.check_report_of(frame)
    if not review.has_code:
        return review, None
    code = channel.receive(CODE_FRAME_BYTES, deadline)
    if not code:
        raise FrameError("code that is empty")
    return review, code
