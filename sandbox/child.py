"""What runs in the jailed child after the lock-down: one check or one run, and then the end.

Nothing in here is trusted by the broker. What looks like a check in this file makes errors readable for authors; what
protects is the jail around it and the broker on the other end.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from types import TracebackType
from typing import Any, Protocol

from .frames import BROKER_FRAME_BYTES, HEADER, decode, encode, pack
from .jail.lockdown import CHANNEL
from .lost_memory import is_out_of_memory
from .outcomes import CallFault

EXIT_MEMORY = 96  #: memory ran out, and even the report about it did not fit
SCRIPT_FILE = "<script>"  #: the file name which the language layer compiles under
LOG_CHARS = 4000  #: sent of one log line; the broker cuts to the budget
TEXT_CHARS = 300  #: of an exception's text


class Language(Protocol):
    """The language layer as the jail sees it; `sandbox.language` is one, and the jail's tests have another."""

    def warm(self) -> None:
        """Import and touch everything which a script may need, while files can still be read."""

    def compile_source(self, source: str) -> Any:
        """Review and compile: an object with findings, literals, api_level and code (marshal bytes or None)."""

    def execute(
        self, code: bytes, given: dict[str, Any], call: Callable[[str, dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any] | None:
        """Run it: the message as plain data, None for hidden, or whatever the script raised."""


def serve(language: Language) -> None:
    """Read one order and carry it out. Every way a script can fail becomes a frame or an exit code."""
    try:
        order = decode(_receive())
        if order["op"] == "check":
            _check(language, order["source"])
        else:
            _run(language, order["given"], _receive())
    except MemoryError:
        os._exit(EXIT_MEMORY)


def call_broker(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """The one way out of a script: `call` waits for an answer, `log` does not."""
    if kind == "log":
        _send({"t": kind, "text": content["text"][:LOG_CHARS]})
        return {}
    _send({"t": kind, **content})
    return decode(_receive())


def _run(language: Language, given: dict[str, Any], code: bytes) -> None:
    try:
        _send({"t": "result", "value": language.execute(code, given, call_broker)})
    except BaseException as error:  # noqa: BLE001 - a script may raise anything, and each is an outcome
        failure = _failure(error)
        error.__traceback__ = None  # lets go of the script's memory before the report is built
        _send(failure)


def _check(language: Language, source: str) -> None:
    try:
        compilation = language.compile_source(source)
    except BaseException as error:  # noqa: BLE001 - what the compiler chokes on is a finding
        _send(_failure(error))
        return
    _send(
        {
            "t": "checked",
            "findings": [dataclasses.asdict(finding) for finding in compilation.findings],
            "literals": [dataclasses.asdict(literal) for literal in compilation.literals],
            "api_level": compilation.api_level,
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
        "type": name[:80],
        "line": _line(error.__traceback__),
        "text": text,
    }


def _line(traceback: TracebackType | None) -> int | None:
    """The innermost line of the script itself."""
    line = None
    while traceback is not None:
        if traceback.tb_frame.f_code.co_filename == SCRIPT_FILE:
            line = traceback.tb_lineno
        traceback = traceback.tb_next
    return line


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
    view = memoryview(data)
    while view:
        view = view[os.write(CHANNEL, view) :]
