"""The frames between broker and child: a length of four bytes, then a body of that length, in most cases JSON.

JSON on the wire and never pickle. One side is hostile: so the length is checked before the body is read, and the body
must be plain, finite, shallow and encodable before anything else looks at it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, NoReturn

HEADER = struct.Struct(">I")

#: Bytes of a frame from a child. Larger than any honest call; code frames have a cap of their own.
CHILD_FRAME_BYTES = 256 * 1024
#: Bytes of a frame with compiled code or with the findings of a check.
CODE_FRAME_BYTES = 4 * 1024 * 1024
#: Bytes of a frame from the broker: a script's input, or an answer, within the budgets of the run.
BROKER_FRAME_BYTES = 32 * 1024 * 1024
#: How deep lists and objects may nest in a frame from a child, and in one from the broker: settings may nest 100 deep.
DEPTH, BROKER_DEPTH = 64, 110
#: The same for JSON that a script posts, and the digits of a parse_int number in it: no interpreter's limit can be set lower.
JSON_DEPTH, JSON_DIGITS = 50, 640
#: Characters that a child sends of a log line, of an exception's text and of its type; the broker cuts to the budget.
LOG_CHARS, TEXT_CHARS, TYPE_CHARS = 4000, 300, 80
#: Users of whom one `prepare` may return facts.
PREPARED_ENTRIES = 50_000
#: Calls in the chain that a child sends with an exception; of a longer one it leaves out the middle.
CHAIN_CALLS = 20


class FrameError(Exception):
    """The bytes are not a frame that the sandbox's own code could have sent."""


def pack(body: bytes) -> bytes:
    """The frame: the body with its length in front."""
    return HEADER.pack(len(body)) + body


def encode(value: Any) -> bytes:
    """The body of a JSON frame; lone surrogates become U+FFFD. Raises `ValueError` for NaN and infinity."""
    return encodable(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")))


def encodable(text: str) -> bytes:
    """The text in UTF-8, with U+FFFD in place of lone surrogates."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def decode(body: bytes, *, parse_int: Callable[[str], int] = int, depth: int = DEPTH) -> dict[str, Any]:
    """The JSON object of a hostile body: finite, not deep, and with no text that cannot be encoded. Raises `FrameError`."""
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant, parse_float=_finite, parse_int=parse_int)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as fault:
        raise FrameError("JSON that the sandbox does not write") from fault
    if type(value) is not dict:
        raise FrameError("a body that is not an object")
    if body.count(b"[") + body.count(b"{") > depth and deeper_than(value, depth):
        raise FrameError("JSON that is nested too deeply")
    return value


def decode_from_child(body: bytes) -> dict[str, Any]:
    """The same for a body from a child, which must be byte for byte as `encode` writes it. Raises `FrameError`.

    So a repeated key, a different escape of a character or an extra space is a forgery, too.
    """
    value = decode(body, parse_int=_short_int)
    if encode(value) != body:
        raise FrameError("JSON in a spelling that the sandbox does not write")
    return value


def deeper_than(value: Any, depth: int) -> bool:
    """Whether a value nests deeper than `depth`. It goes level by level: recursion is what a deep value attacks."""
    level = [value]
    for _ in range(depth):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _short_int(text: str) -> int:
    if len(text.lstrip("-")) > JSON_DIGITS:
        raise ValueError("a number has too many digits")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number is too large")
    return number


def _inside(value: Any) -> list[Any]:
    if type(value) is dict:
        return list(value.values())
    return value if type(value) is list else []
