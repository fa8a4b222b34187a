"""One check: the script's text goes into a jailed child, findings and compiled code come out.

A text is as hostile as a program: compilers loop, eat memory and crash on the right input. So it is compiled where a
script runs, and the worst that a text can do is to earn a finding about itself. The code that comes back is opaque here
and is loaded in another jailed child only.
"""

from __future__ import annotations

import hashlib
import time

from . import endings, shapes
from .channel import Channel
from .conversation import finish, settle
from .frames import CODE_FRAME_BYTES, FrameError, decode_from_child, encode
from .outcomes import MIB, Checked, Finding, Kind, Limits
from .shapes import Last, Review

#: A check has no vendor to wait for, but a compiler needs more memory than a script.
CHECK_LIMITS = Limits(wall_s=10.0, cpu_s=5.0, memory_bytes=192 * MIB)
#: A text over this size is not even looked at. The language layer's own limit is far lower and says it better.
SOURCE_CHARS = 1024 * 1024

_RULES = {
    Kind.TIMED_OUT: ("check-timed-out", "The check of this script did not end in time."),
    Kind.OUT_OF_MEMORY: ("check-out-of-memory", "The check of this script needed too much memory."),
    Kind.RAISED: ("check-failed", "This script could not be read."),
    Kind.TOO_MUCH_OUTPUT: ("check-too-much-output", "This script has too many findings, or compiles to too much."),
}
_ALARM = ("check-alarm", "This script made its check do what no check does. Take it for an attack.")
_CRASHED = ("check-crashed", "The check of this script crashed.")


def check(channel: Channel, source: str) -> Checked:
    """Compile `source` in the child behind `channel`."""
    deadline = time.monotonic() + CHECK_LIMITS.wall_s
    said = settle(lambda: _talk(channel, source, deadline), CHECK_LIMITS)
    said, end = finish(said, channel, deadline)
    failed = said.stopped
    if failed is None and (said.word is None or not endings.ended_well(end)):
        failed = endings.by_end(end, CHECK_LIMITS)
    if failed is not None or said.word is None:
        alarm = said.forged or endings.is_alarm(end)
        return refused(source, failed or endings.by_end(end, CHECK_LIMITS), alarm=alarm)
    review, code = said.word
    if isinstance(review, Last):
        return refused(source, review)
    return Checked(digest(source), review.findings, review.literals, review.api_level, code, settings=review.settings)


def refused(source: str, last: Last, *, alarm: bool = False) -> Checked:
    """A check that did not come to its end, as a finding."""
    rule, what = _ALARM if alarm else _RULES.get(last.kind, _CRASHED)
    why = f"{last.error.type}: {last.error.text}" if last.error else str(last.kind)
    line = (last.error.line if last.error else None) or 1
    finding = Finding(rule, line, 1, what, why, "Write it simpler and in smaller parts.")
    return Checked(digest(source), (finding,), alarm=alarm)


def digest(source: str) -> str:
    """The SHA-256 of the text, by which a version is known; of any text, even one that cannot be encoded."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def too_long(source: str) -> Checked:
    """A text that is refused unread."""
    what = f"This script has {len(source)} characters."
    why = f"More than {SOURCE_CHARS} are not even read."
    return Checked(digest(source), (Finding("source-too-long", 1, 1, what, why, "Make it shorter."),))


def not_text(source: str) -> Checked:
    """Lone halves of characters: no file holds them, so nobody wrote them by hand."""
    what = "This script has characters which are no text (lone surrogates)."
    finding = Finding("source-not-text", 1, 1, what, "They cannot be stored.", "Save the file as UTF-8.")
    return Checked(digest(source), (finding,))


def _talk(channel: Channel, source: str, deadline: float) -> tuple[Review | Last, bytes | None]:
    channel.send(encode({"op": "check", "source": source}), deadline)
    frame = decode_from_child(channel.receive(CODE_FRAME_BYTES, deadline))
    if frame.get("t") == "failed":
        return shapes.failure_of(frame), None
    review = shapes.review_of(frame)
    if not review.has_code:
        return review, None
    code = channel.receive(CODE_FRAME_BYTES, deadline)
    if not code:
        raise FrameError("code that is empty")
    return review, code
