"""The codes in an image of a badge: a photo, a screenshot or a PDF.

Decoders of images are large programs in C and C++, and an image comes from outside. So a process without secrets decodes it, in the
jail, and what it says is taken as hostile. The steps:

1. The image is not too large.
2. A new interpreter with an empty environment, and one channel, which locks itself in before it reads the image.
3. Its answer is bounded in time and in size, and has the shape of an answer.
"""

from __future__ import annotations

import base64
import binascii
import json
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

#: Bytes of an image.
LARGEST_IMAGE: Final = 10_000_000
#: Codes of one image that are returned.
MOST_CODES: Final = 10
#: Bytes of a code.
_LONGEST_CODE: Final = 4096
#: Seconds that decoding may take, and bytes of an answer.
DEADLINE_S: Final = 30.0
_LONGEST_ANSWER: Final = 128 * 1024
#: Seconds after which a stop is noticed.
_STEP_S: Final = 0.25
LENGTH: Final = struct.Struct("=I")

#: The words for each reason that the process may give.
FAULTS: Final = {
    "image": "It is no image that can be read. Use a PNG, JPEG or WebP image, or a PDF.",
    "pixels": "The image has too many pixels. Make it smaller: a code needs only a few hundred pixels.",
    "none": "No code was found in it. Take the photo closer, without glare, with the whole code in the picture.",
    "jail": "This machine cannot confine the program that reads images. Enter the text of the codes instead.",
}


class NoCodes(Exception):
    """No code was read. The text is a sentence for the person who uploaded the image."""


@dataclass(frozen=True, slots=True)
class ImageCode:
    """One code of an image: its bytes, and the kind of code, such as QRCode."""

    payload: bytes
    symbology: str


def codes_in(image: bytes, *, is_stopped: Callable[[], bool] = lambda: False) -> list[ImageCode]:
    """Return the codes of an image, at most `MOST_CODES`. Raises `NoCodes`. `is_stopped` is asked while it waits."""
    if not 0 < len(image) <= LARGEST_IMAGE:  # 1
        raise NoCodes(f"The image must have at most {LARGEST_IMAGE // 1_000_000} MB.")
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - our own interpreter; step 2
                [sys.executable, "-I", "-m", "runner.attendance.image_decoder", str(theirs.fileno())],
                env={},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        try:
            return _read(_answer(ours, image, is_stopped))  # 3
        finally:
            process.kill()
            process.wait()


def _answer(channel: socket.socket, image: bytes, is_stopped: Callable[[], bool]) -> bytes:
    """Send the image, and return all that the process writes. It may neither read nor write, so no step waits for long."""
    ends, answer, unsent = time.monotonic() + DEADLINE_S, b"", memoryview(LENGTH.pack(len(image)) + image)
    channel.settimeout(_STEP_S)
    while time.monotonic() < ends and len(answer) <= _LONGEST_ANSWER and not is_stopped():
        try:
            if unsent:
                unsent = unsent[channel.send(unsent) :]
                continue
            more = channel.recv(65536)
        except TimeoutError:
            continue
        except (BrokenPipeError, ConnectionResetError):
            if not unsent:
                return answer
            unsent = unsent[:0]  # it ended before it had read everything, and may have said why
            continue
        if not more:
            return answer
        answer += more
    return b""


def _read(answer: bytes) -> list[ImageCode]:
    try:
        value = json.loads(answer)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise NoCodes("The image could not be decoded. Try another photo, or a screenshot of the badge.")
    codes = value.get("codes")
    if not isinstance(codes, list) or not codes:
        raise NoCodes(FAULTS.get(str(value.get("fault")), FAULTS["image"]))
    return [_code(each) for each in codes[:MOST_CODES]]


def _code(value: Any) -> ImageCode:
    try:
        text, symbology = value
        payload = base64.b64decode(text, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise NoCodes(FAULTS["image"]) from None
    if not 0 < len(payload) <= _LONGEST_CODE:
        raise NoCodes("A code in the image holds too much for a badge.")
    return ImageCode(payload, str(symbology)[:20].encode("ascii", "replace").decode())
