"""What runs in the jailed child after the lock-down: one check or one run, and then the end.

Nothing in here is trusted by the broker. What looks like a check in this file makes errors readable for authors; what
protects is the jail around it and the broker on the other end.
"""

from __future__ import annotations

import dataclasses
import mmap
import os
import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Protocol

from .frames import BROKER_FRAME_BYTES, HEADER, LOG_CHARS, TEXT_CHARS, TYPE_CHARS, decode, encode, pack
from .jail.lockdown import CHANNEL
from .memory_errors import is_out_of_memory
from .outcomes import CallFault

EXIT_MEMORY = 96  #: memory ran out, and even the report about it did not fit
RESERVE_BYTES = (
    2 * 1024 * 1024
)  #: room for one of the blocks in which Python asks the system for memory, and its report
SCRIPT_FILE = "<script>"  #: the file name which the language layer compiles under


class Language(Protocol):
    """The language layer as the jail sees it; `sandbox.language` is one, and the jail's tests have another."""

    def warm(self) -> None:
        """Import and touch everything which a script may need, while files can still be read."""

    def compile_source(self, source: str) -> Any:
        """Review and compile: an object with findings, literals, api_level, settings and code (marshal bytes or None)."""

    def execute(
        self, code: bytes, given: dict[str, Any], call: Callable[[str, dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any] | None:
        """Run it: the message as plain data, None for hidden, or whatever the script raised."""


def reserve() -> mmap.mmap:
    """Address space for `serve`, to be made before a run's memory is limited. Nothing is ever written into it."""
    return mmap.mmap(-1, RESERVE_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def serve(language: Language, reserved: mmap.mmap) -> None:
    """Read one order and carry it out. Every way a script can fail becomes a frame or an exit code.

    What fails gives `reserved` back before anything else is done, because even an `except` with two kinds of errors
    needs memory, and a traceback keeps all that the script had.
    """
    try:
        order = decode(_receive())
        if order["op"] == "check":
            _check(language, order["source"], reserved)
        else:
            _run(language, order["given"], _receive(), reserved)
    except Exception as error:
        reserved.close()
        if not is_out_of_memory(error):
            raise
        os._exit(EXIT_MEMORY)


def call_broker(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """The one way out of a script: `call` waits for an answer, `log` does not. Both say in which line the script is."""
    line = _running_line(sys._getframe(1))  # noqa: SLF001 - the script's frame is above ours
    if kind == "log":
        _send({"t": kind, "line": line, "text": content["text"][:LOG_CHARS]})
        return {}
    _send({"t": kind, "line": line, **content})
    return decode(_receive())


def _run(language: Language, given: dict[str, Any], code: bytes, reserved: mmap.mmap) -> None:
    try:
        _send({"t": "result", "value": language.execute(code, given, call_broker)})
    except BaseException as error:  # noqa: BLE001 - a script may raise anything, and each is an outcome
        reserved.close()
        failure = _failure(error)
        error.__traceback__ = None  # lets go of the script's memory before the report is built
        _send(failure)


def _check(language: Language, source: str, reserved: mmap.mmap) -> None:
    try:
        compilation = language.compile_source(source)
    except BaseException as error:  # noqa: BLE001 - what the compiler chokes on is a finding
        reserved.close()
        _send(_failure(error))
        return
    _send(
        {
            "t": "checked",
            "findings": [dataclasses.asdict(finding) for finding in compilation.findings],
            "literals": [dataclasses.asdict(literal) for literal in compilation.literals],
            "api_level": compilation.api_level,
            "settings": list(compilation.settings),
            "has_code": compilation.code is not None,
        }
    )
    if compilation.code is not None:
        _write(pack(compilation.code))


def _failure(error: BaseException) -> dict[str, Any]:
    name = type(error).__name__
    kind = getattr(error, "kind", None) if name == "ApiError" else None
    try:
        text = str(error)[:TEXT_CHARS]
    except Exception:  # noqa: BLE001 - the text of an exception is the script's own code at times
        text = ""
    return {
        "t": "failed",
        "memory": is_out_of_memory(error),
        "fault": str(kind) if kind in tuple(CallFault) else None,
        "type": name[:TYPE_CHARS],
        "line": _line(error.__traceback__),
        "text": text,
    }


def _line(traceback: TracebackType | None) -> int | None:
    """The innermost line of the script itself."""
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == SCRIPT_FILE:
            line = _counted(traceback.tb_lineno) or line
        traceback = traceback.tb_next
    return line


def _running_line(frame: FrameType | None) -> int | None:
    """The line which the script's innermost function is at."""
    while frame is not None and frame.f_code.co_filename != SCRIPT_FILE:
        frame = frame.f_back
    return None if frame is None else _counted(frame.f_lineno)


def _counted(line: int | None) -> int | None:
    """Without what Python says of its own instructions, which stand in no line: None, and -1 before 3.13."""
    return line if line is not None and line > 0 else None


def _receive() -> bytes:
    (length,) = HEADER.unpack(_read(HEADER.size))
    if length > BROKER_FRAME_BYTES:
        raise MemoryError
    return _read(length)


def _read(length: int) -> bytes:
    read = bytearray()
    while len(read) < length:
        chunk = os.read(CHANNEL, min(length - len(read), 1 << 16))
        if not chunk:
            os._exit(0)  # the broker has gone; there is nobody to tell
        read += chunk
    return bytes(read)


def _send(value: dict[str, Any]) -> None:
    _write(pack(encode(value)))


def _write(data: bytes) -> None:
    """The whole frame, or the last that this process says.

    The invariant which the broker's alarm stands on: behind a part of a frame comes nothing more. The rest of it would
    be read out of what comes next, and an honest script would be taken for one that forges.
    """
    view = memoryview(data)
    written = 0
    try:
        while written < len(data):
            written += os.write(CHANNEL, view[written:])
    finally:
        if 0 < written < len(data):
            os._exit(EXIT_MEMORY)  # of ours or of the system's: nothing else breaks a write in two
