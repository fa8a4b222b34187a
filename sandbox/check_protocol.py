"""One check: the script's text goes into a jailed child, findings and compiled code come out.

A text is as hostile as a program: the right input makes a compiler loop, use up memory or crash. So it is compiled
where a script runs, and the worst that a text can do is to get a finding about itself. The code that comes back is opaque
here and is loaded only in another jailed child.
"""

from __future__ import annotations

import hashlib
import time

from . import exit_status, frame_schemas
from .channel import Channel
from .frame_schemas import CheckReport, RunReport
from .frames import CODE_FRAME_BYTES, FrameError, decode_from_child, encode
from .language.check.text.deepest_place import deepest_place
from .outcomes import MIB, CheckResult, Finding, OutcomeKind, RunLimits
from .run_protocol import finish_exchange, run_exchange

#: A check waits for no vendor, but a compiler needs more memory than a script.
CHECK_LIMITS = RunLimits(wall_s=10.0, cpu_s=5.0, memory_bytes=192 * MIB)
#: Longer texts are refused unread. The language layer's own limit is far lower and its finding is more helpful.
SOURCE_CHARS = 1024 * 1024
#: Characters in which the cause of a failed check is looked for.
_LOOKED_AT = 100_000

_FAILURES = {
    OutcomeKind.TIMED_OUT: ("check-timed-out", "Checking this script took too long."),
    OutcomeKind.OUT_OF_MEMORY: ("check-out-of-memory", "Checking this script needed too much memory."),
    OutcomeKind.RAISED: ("check-failed", "This script could not be checked."),
    OutcomeKind.TOO_MUCH_OUTPUT: (
        "check-too-much-output",
        "This script has too many findings, or its compiled code is too large.",
    ),
}
_ALARM = ("check-alarm", "This script made its check do something that no check does. Treat it as an attack.")
_CRASHED = ("check-crashed", "Checking this script crashed.")


def check(channel: Channel, source: str) -> CheckResult | None:
    """Compile `source` in the child behind `channel`. None: its zygote died, which says nothing about the text."""
    deadline = time.monotonic() + CHECK_LIMITS.wall_s
    result = run_exchange(lambda: _exchange(channel, source, deadline), CHECK_LIMITS)
    result, child_exit = finish_exchange(result, channel, deadline)
    failure = result.stopped
    if failure is None and exit_status.is_unknown(child_exit):
        return None
    if failure is None and (result.report is None or not exit_status.exited_cleanly(child_exit)):
        failure = exit_status.report_from_exit(child_exit, CHECK_LIMITS)
    if failure is not None or result.report is None:
        alarm = result.forged or exit_status.is_alarm(child_exit)
        return failed_result(source, failure or exit_status.report_from_exit(child_exit, CHECK_LIMITS), alarm=alarm)
    review, code = result.report
    if isinstance(review, RunReport):
        return failed_result(source, review)
    return CheckResult(
        digest(source),
        review.findings,
        review.literals,
        review.api_level,
        code,
        settings=review.settings,
        setting_places=review.setting_places,
        calls=review.calls,
        prepares=review.prepares,
    )


def failed_result(source: str, report: RunReport, *, alarm: bool = False) -> CheckResult:
    """The result of a check that did not complete: one finding that says why."""
    rule, what = _ALARM if alarm else _FAILURES.get(report.kind, _CRASHED)
    why = f"{report.error.type}: {report.error.text}" if report.error else str(report.kind)
    line = report.error.line if report.error else None
    place = (line, 1) if line else probable_place(source)
    finding = Finding(rule, *place, what, why, "Simplify the script and split it into smaller parts.")
    return CheckResult(digest(source), (finding,), alarm=alarm)


def probable_place(source: str) -> tuple[int, int]:
    """Where a script is nested most deeply, or its longest line: the likeliest cause of a check that did not complete."""
    return deepest_place(source[:_LOOKED_AT])


def digest(source: str) -> str:
    """The SHA-256 of the text, which identifies a version; works for any text, even one that cannot be encoded."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def too_long_result(source: str) -> CheckResult:
    """The result for a text that is refused unread."""
    what = f"This script has {len(source)} characters."
    why = f"Texts of more than {SOURCE_CHARS} characters are refused unread."
    place = _place(source, SOURCE_CHARS)
    return CheckResult(digest(source), (Finding("source-too-long", *place, what, why, "Shorten the script."),))


def not_text_result(source: str) -> CheckResult:
    """The result for a text with lone surrogates: no UTF-8 file can hold them, so they were not typed by hand."""
    what = "This script has characters that are not text (lone surrogates)."
    first = next(index for index, character in enumerate(source) if "\ud800" <= character <= "\udfff")
    place = _place(source, first)
    finding = Finding("source-not-text", *place, what, "They cannot be stored.", "Save the file as UTF-8.")
    return CheckResult(digest(source), (finding,))


def _place(source: str, index: int) -> tuple[int, int]:
    """Line and column, from 1, of a character."""
    return source.count("\n", 0, index) + 1, index - source.rfind("\n", 0, index)


def _exchange(channel: Channel, source: str, deadline: float) -> tuple[CheckReport | RunReport, bytes | None]:
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
