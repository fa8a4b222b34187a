"""Runs in the jailed child after the lock-down: one check or one run, and then the child ends.

The broker trusts nothing in here. What looks like a check in this file makes errors readable for authors; the protection
is the jail around it and the broker on the other side.
"""

from __future__ import annotations

import dataclasses
import gc
import mmap
import os
import sys
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Protocol

from .frames import (
    BROKER_DEPTH,
    BROKER_FRAME_BYTES,
    CHAIN_CALLS,
    HEADER,
    LOG_CHARS,
    TEXT_CHARS,
    TYPE_CHARS,
    decode,
    encode,
    pack,
)
from .jail.lockdown import CHANNEL
from .memory_errors import is_out_of_memory
from .outcomes import CallFault

EXIT_MEMORY = 96  #: memory ran out, and there was none left even for the report
#: Room for one of the blocks in which Python allocates memory from the system, and for the report.
RESERVE_BYTES = 2 * 1024 * 1024
_OUTER_CALLS = 4  #: of a call chain that is cut, so many of the outermost calls stay
SCRIPT_FILE = "<script>"  #: the file name under which the language layer compiles


class Language(Protocol):
    """The interface of the language layer: `sandbox.language` has it, and so have the test languages of the jail's tests."""

    def warm(self) -> None:
        """Import and touch everything that a script may need, while files can still be read."""

    def compile_source(self, source: str) -> Any:
        """Review and compile: an object with findings, literals, api_level, settings, setting_places, calls, prepares and code (marshal bytes or None)."""

    def execute(
        self, code: bytes, script_input: dict[str, Any], call: Callable[[str, dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any] | None:
        """Run the code and return the message as plain data, or None for hidden. Raises whatever the script raises."""

    def execute_prepare(
        self, code: bytes, script_input: dict[str, Any], call: Callable[[str, dict[str, Any]], dict[str, Any]]
    ) -> dict[str, Any]:
        """Run `prepare` of the code and return its facts by user id. Raises whatever the script raises."""

    def instrument(self, source: str) -> Any:
        """Review and compile with probes: an object with lines, sites, texts, numbers, templates and code."""

    def Recorder(self, max_calls: int) -> Any:  # noqa: N802 - a class of the language layer
        """A recorder for one traced run: its `report()` is plain data."""

    def execute_traced(
        self,
        code: bytes,
        script_input: dict[str, Any],
        call: Callable[[str, dict[str, Any]], dict[str, Any]],
        recorder: Any,
    ) -> tuple[dict[str, Any] | None, int | None]:
        """Run instrumented code; return also the line in which the message was made."""


def reserve() -> mmap.mmap:
    """Reserve address space for `serve`, before a run's memory is limited. It is never written to."""
    return mmap.mmap(-1, RESERVE_BYTES, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def serve(language: Language, reserved: mmap.mmap) -> None:
    """Read one request and carry it out. Every way in which a script can fail becomes a frame or an exit code.

    After a failure, `reserved` is freed before anything else is done, because even an `except` with two kinds of errors
    needs memory, and a traceback keeps everything that the script held.
    """
    try:
        request = decode(_receive(), depth=BROKER_DEPTH)
        if request["op"] == "check":
            _check(language, request["source"], reserved)
        elif request["op"] == "instrument":
            _instrument(language, request["source"], reserved)
        elif request["op"] == "trace":
            _run_traced(language, _receive(), reserved)
        elif request["op"] == "prepare":
            _run(language.execute_prepare, request, _receive(), reserved)
        else:
            _run(language.execute, request, _receive(), reserved)
    except Exception as error:
        reserved.close()
        if not is_out_of_memory(error):
            raise
        os._exit(EXIT_MEMORY)


class BrokerCalls:
    """The only way out of a script: `call` waits for an answer, `log` does not. Both state the line that the script is at.

    Surplus log lines are not sent, but for the first: it tells the broker that lines were dropped.
    """

    def __init__(self, log_lines: int) -> None:
        self._log_frames_left = log_lines + 1

    def __call__(self, kind: str, content: dict[str, Any]) -> dict[str, Any]:
        """Send one call or log line; return the answer to a call."""
        line = _current_line(sys._getframe(1))  # noqa: SLF001 - the script's frame is above this one
        if kind == "log":
            if self._log_frames_left > 0:
                self._log_frames_left -= 1
                _send({"t": kind, "line": line, "text": content["text"][:LOG_CHARS]})
            return {}
        _send({"t": kind, "line": line, **content})
        return decode(_receive(), depth=BROKER_DEPTH)


def _run(execute: Callable[..., Any], request: dict[str, Any], code: bytes, reserved: mmap.mmap) -> None:
    try:
        value = execute(code, request["input"], BrokerCalls(request["log_lines"]))
        _send({"t": "result", "value": value})
    except BaseException as error:  # noqa: BLE001 - a script may raise anything, and each is an outcome
        reserved.close()
        failure = _failure(error)
        error.__traceback__ = None  # frees the script's memory before the report is sent
        _send(failure)


def _check(language: Language, source: str, reserved: mmap.mmap) -> None:
    try:
        compilation = language.compile_source(source)
    except BaseException as error:  # noqa: BLE001 - whatever breaks the compiler becomes a finding
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
            "setting_places": compilation.setting_places,
            "calls": [dataclasses.asdict(call) for call in compilation.calls],
            "has_code": compilation.code is not None,
            "prepares": compilation.prepares,
        }
    )
    if compilation.code is not None:
        _write(pack(compilation.code))


def _instrument(language: Language, source: str, reserved: mmap.mmap) -> None:
    try:
        made = language.instrument(source)
    except BaseException as error:  # noqa: BLE001 - as in `_check`
        reserved.close()
        _send(_failure(error))
        return
    _send(
        {
            "t": "instrumented",
            "lines": list(made.lines),
            "sites": [[site.line, site.entered, site.left] for site in made.sites],
            "texts": list(made.texts),
            "numbers": list(made.numbers),
            "templates": [[line, [list(one) for one in templates]] for line, templates in made.templates],
            "has_code": made.code is not None,
        }
    )
    if made.code is not None:
        _write(pack(made.code))


def _run_traced(language: Language, code: bytes, reserved: mmap.mmap) -> None:
    """Run instrumented code once for each input that comes, until the broker sends something else or memory runs out.

    The names of a run and its functions refer to each other, so what a run leaves is freed by a collection only. It is
    short: what was loaded before the child began is frozen.
    """
    while (request := decode(_receive(), depth=BROKER_DEPTH))["op"] == "input":
        gc.collect()
        recorder = language.Recorder(request["calls"])
        line = None
        try:
            value, line = language.execute_traced(code, request["input"], BrokerCalls(request["log_lines"]), recorder)
            end = {"t": "result", "value": value}
        except BaseException as error:  # noqa: BLE001 - as in `_run`
            if is_out_of_memory(error):
                reserved.close()
            end = _failure(error)
            error.__traceback__ = None
        _send({"t": "traced", "end": end, "trace": {**recorder.report(), "message_line": line}})
        if end.get("memory"):
            return


def _failure(error: BaseException) -> dict[str, Any]:
    name = type(error).__name__
    kind = getattr(error, "kind", None) if name == "ApiError" else None
    try:
        text = str(error)[:TEXT_CHARS]
    except Exception:  # noqa: BLE001 - making the text of an exception can run the script's own code
        text = ""
    chain = _chain(error.__traceback__)
    return {
        "t": "failed",
        "memory": is_out_of_memory(error),
        "fault": str(kind) if kind in tuple(CallFault) else None,
        "type": name[:TYPE_CHARS],
        "line": chain[-1][1] if chain else None,
        "chain": chain if len(chain) <= CHAIN_CALLS else [*chain[:_OUTER_CALLS], *chain[_OUTER_CALLS - CHAIN_CALLS :]],
        "text": text,
    }


def _chain(traceback: TracebackType | None) -> list[tuple[str, int]]:
    """The script's own functions in a traceback, the outermost first, each with the line that it was at."""
    found = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        line = _real_line(traceback.tb_lineno)
        if code.co_filename == SCRIPT_FILE and line is not None:
            found.append((code.co_name[:TYPE_CHARS], line))
        traceback = traceback.tb_next
    return found


def _current_line(frame: FrameType | None) -> int | None:
    """The line that the script's innermost function is at."""
    while frame is not None and frame.f_code.co_filename != SCRIPT_FILE:
        frame = frame.f_back
    return None if frame is None else _real_line(frame.f_lineno)


def _real_line(line: int | None) -> int | None:
    """The line, or None for Python's own instructions, which belong to no line: there it says None, or before 3.13 -1."""
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
            os._exit(0)  # the broker has closed the channel, so nothing can be reported
        read += chunk
    return bytes(read)


def _send(value: dict[str, Any]) -> None:
    _write(pack(encode(value)))


def _write(data: bytes) -> None:
    """Write the whole frame; if only a part can be written, end this process.

    The broker's alarm relies on this invariant: nothing follows a part of a frame. Otherwise the rest of that frame would
    be read from the next one, and an honest script would be taken for a forger.
    """
    view = memoryview(data)
    written = 0
    try:
        while written < len(data):
            written += os.write(CHANNEL, view[written:])
    finally:
        if 0 < written < len(data):
            os._exit(EXIT_MEMORY)  # this process or the system is short of memory: nothing else interrupts a write
