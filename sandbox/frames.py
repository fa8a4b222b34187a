"""What travels between broker and child: four bytes of length, then as many bytes, most of them JSON.

JSON on the wire and never pickle. One end is hostile: so the length is judged before anything is read, and what was
read has to be plain, finite, shallow and encodable before anyone looks at it.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, NoReturn

HEADER = struct.Struct(">I")

#: A frame from a child, in bytes. Larger than any honest call; code frames have a cap of their own.
CHILD_FRAME_BYTES = 256 * 1024
#: Compiled code and the findings of a check.
CODE_FRAME_BYTES = 4 * 1024 * 1024
#: A frame from the broker: what a script is given, or an answer, within the budgets of the run.
BROKER_FRAME_BYTES = 32 * 1024 * 1024
#: How deep lists and objects may nest in a frame from a child.
DEPTH = 64
#: The same for what a script posts, and digits of a whole number in it: a lower limit of an interpreter does not exist.
JSON_DEPTH, JSON_DIGITS = 50, 640
#: Characters which a child sends of one log line, of an exception's text and of its type; the broker cuts to the budget.
LOG_CHARS, TEXT_CHARS, TYPE_CHARS = 4000, 300, 80


class FrameError(Exception):
    """The bytes are not a frame that our own code could have sent."""


def pack(body: bytes) -> bytes:
    """Body with its length before it."""
    return HEADER.pack(len(body)) + body


def encode(value: Any) -> bytes:
    """A JSON frame's body. Lone surrogates are no text and become U+FFFD. Raises `ValueError` for NaN and infinity."""
    return encodable(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")))


def encodable(text: str) -> bytes:
    """The text in UTF-8, with U+FFFD for lone surrogates."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def decode(body: bytes, *, whole: Callable[[str], int] = int) -> dict[str, Any]:
    """What a hostile body says: a JSON object, finite, not deep, and only of text that can be encoded again."""
    try:
        value = json.loads(body.decode(), parse_constant=_refuse_constant, parse_float=_finite, parse_int=whole)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as fault:
        raise FrameError("no JSON that we could have sent") from fault
    if type(value) is not dict:
        raise FrameError("not an object")
    if body.count(b"[") + body.count(b"{") > DEPTH and deeper_than(value, DEPTH):
        raise FrameError("nested too deep")
    return value


def decode_from_child(body: bytes) -> dict[str, Any]:
    """The same, from a child: byte for byte as `encode` writes it. Raises `FrameError`.

    So a key that stands there twice, another order of characters or a blank too many is a forgery as well.
    """
    value = decode(body, whole=_of_few_digits)
    if encode(value) != body:
        raise FrameError("not written as we write")
    return value


def deeper_than(value: Any, depth: int) -> bool:
    """Level by level and not by recursion, which is what a deep value attacks."""
    level = [value]
    for _ in range(depth):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _of_few_digits(text: str) -> int:
    if len(text.lstrip("-")) > JSON_DIGITS:
        raise ValueError("a number with too many digits")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number too large")
    return number


def _inside(value: Any) -> list[Any]:
    if type(value) is dict:
        return list(value.values())
    return value if type(value) is list else []
