"""What a child may send, frame by frame: exact keys, exact types, bounded sizes, and nothing else.

The child is hostile until proved otherwise, so nothing that it sends is passed on as it came: each frame is either turned
into a frozen value or refused. There are two kinds of refusal. `CallNotMade` is about a call that a script of the
language can make: the script is told, and that is all. `FrameError` is about a frame that the sandbox's own code in a
child sends for no script at all: a forged frame, which is an alarm and suspends the version. What counts as forged is
decided here, in these steps.

1. Bytes (`frames.py`, `channel.py`): a length that a child's memory can hold, then JSON exactly as the sandbox writes it:
   finite, not deep, without lone surrogates, whole numbers of few digits. A length that memory could hold but that is
   over the cap is a script's fault. A frame that breaks off is the child's end, whose exit status says why: an honest
   child sends nothing after a part of a frame.
2. Kind: in a run `log`, `call`, `result`, `failed`; in a check `checked` or `failed`. Then exactly the keys of the kind,
   each of exactly its type, in any order; lines are whole numbers from 1, or null.
3. `log`: a text that the child has cut; no more lines than the budget allows, and one that says that more were dropped.
4. `call`: GET or POST; a path that begins with one "/" and names no host; JSON with POST only, and not deeper than the
   language allows; pairs of text. Parts that are too long or too many are a script's fault.
5. `result`: a message of three texts, or null.
6. `failed`: a name and a text that the child has cut; a known fault, with an `ApiError` only, and not together with a lack
   of memory; a call chain that the child has cut, of names and lines, with the line of the error as its end.
7. `checked`: an existing API level; no more findings, literals and names of settings than a check reports; code if and
   only if no finding is an error; `prepare` and names of settings only with code, these sorted and each once, each with its place; calls of
   known methods; then the code, not empty.
8. After `result`, `failed`, and `checked` with its code: nothing (`run_protocol.py`).

Frames of traced runs have a list of their own, in `tracing/trace_schemas.py`; the result of `prepare` is in
`prepare_protocol.py`.

If you let a child send something new, change this list, and the tests in which honest children send all that they can.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import CallNotMade
from .frames import CHAIN_CALLS, JSON_DEPTH, LOG_CHARS, TEXT_CHARS, TYPE_CHARS, FrameError, deeper_than
from .language import LEVELS
from .outcomes import Call, CallFault, CallLiteral, Finding, MessageLiteral, OutcomeKind, ScriptError, Severity

_METHODS = ("GET", "POST")
_MAX_FINDINGS = 200  #: as many as a check reports
_MAX_LITERALS = 5000  #: more `message(...)` than the longest script has room for
_MAX_CALLS = 1000  #: calls with a literal connection, as many as a check reports
_FINDING_CHARS = 4000
_MAX_SETTINGS, _SETTING_CHARS = 200, 200  #: names of settings, and characters of one, as many as a check reports
_CALL_CHARS = {"connection": 100, "path": 4096}
_MAX_INT = 2**31 - 1  #: of a line, a column or a level; databases and pages take no more
_MAX_PAIRS, _PAIR_CHARS = 100, 8192
#: A function of a script in a traceback, also `<lambda>` and `<module>`.
_FUNCTION = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|<[a-z]+>", re.ASCII)
_TEXT_OR_NULL, _LINE_OR_NULL = (str, type(None)), (int, type(None))
_FINDING_FIELDS = {"rule": str, "line": int, "column": int, "what": str, "why": str, "instead": str, "severity": str}
_LITERAL_TEXTS = ("text", "link", "color")


@dataclass(frozen=True)
class RunReport:
    """A child's final report on its run."""

    kind: OutcomeKind
    value: Mapping[str, Any] | None = None
    error: ScriptError | None = None


@dataclass(frozen=True)
class CheckReport:
    """A child's final report on a check. `has_code` says that one more frame follows: the compiled code."""

    findings: tuple[Finding, ...]
    literals: tuple[MessageLiteral, ...] = ()
    api_level: int = 1
    has_code: bool = field(default=False)
    prepares: bool = False
    settings: tuple[str, ...] = ()
    setting_places: tuple[tuple[int, int], ...] = ()
    calls: tuple[CallLiteral, ...] = ()


def storable(text: str, limit: int) -> str:
    """The text cut to `limit` characters, with U+FFFD in place of NUL, which databases do not store."""
    return text[:limit].replace("\0", "\ufffd")


def call_of(frame: Mapping[str, Any]) -> Call:
    """The well-formed call of a frame (step 4); the powers decide whether it may be made. Raises `FrameError`, `CallNotMade`."""
    _check_fields(
        frame,
        t=str,
        line=_LINE_OR_NULL,
        method=str,
        connection=str,
        path=str,
        params=list,
        json=object,
        has_json=bool,
        headers=list,
    )
    if frame["method"] not in _METHODS:
        raise FrameError("an unknown method")
    _check_path(frame["path"])
    _check_json(frame)
    pairs = {name: _pairs(name, frame[name]) for name in ("params", "headers")}
    for name, limit in _CALL_CHARS.items():
        if len(frame[name]) > limit:
            raise CallNotMade(CallFault.REFUSED, f"the {name} is longer than {limit} characters")
    return Call(
        method=frame["method"],
        connection=frame["connection"],
        path=frame["path"],
        json=frame["json"],
        has_json=frame["has_json"],
        **{name: _within_limits(name, value) for name, value in pairs.items()},
    )


def _check_path(path: str) -> None:
    if not path.startswith("/") or path.startswith("//") or "://" in path.partition("?")[0]:
        raise FrameError("a path that no call has")


def _check_json(frame: Mapping[str, Any]) -> None:
    if frame["has_json"] and (frame["method"] != "POST" or deeper_than(frame["json"], JSON_DEPTH)):
        raise FrameError("JSON that no script posts")
    if not frame["has_json"] and frame["json"] is not None:
        raise FrameError("JSON in a call that says it has none")


def line_of(frame: Mapping[str, Any], limit: int) -> str:
    """The line for the log (step 3), cut to `limit` characters. Raises `FrameError`."""
    _check_fields(frame, t=str, line=_LINE_OR_NULL, text=str)
    if len(frame["text"]) > LOG_CHARS:
        raise FrameError("a log line that was not cut")
    return storable(frame["text"], limit)


def run_report_of(frame: Mapping[str, Any]) -> RunReport:
    """How a run ended, as its child reports it (steps 2, 5 and 6). Raises `FrameError`."""
    if frame.get("t") == "result":
        _check_fields(frame, t=str, value=(dict, type(None)))  # 5
        return RunReport(OutcomeKind.RETURNED, value=_message(frame["value"]))
    if frame.get("t") != "failed":
        raise FrameError("a frame of an unknown kind")
    return failure_report_of(frame)


def failure_report_of(frame: Mapping[str, Any]) -> RunReport:
    """A run or check that ended with an exception (step 6). Raises `FrameError`."""
    _check_fields(frame, t=str, memory=bool, fault=_TEXT_OR_NULL, type=str, line=_LINE_OR_NULL, chain=list, text=str)
    if len(frame["type"]) > TYPE_CHARS or len(frame["text"]) > TEXT_CHARS:
        raise FrameError("an error that was not cut")
    if not frame["type"].isidentifier():
        raise FrameError("an error without a name")
    if frame["fault"] is not None and (frame["memory"] or frame["type"] != "ApiError"):
        raise FrameError("a call fault without an ApiError")
    if frame["fault"] is not None and frame["fault"] not in tuple(CallFault):
        raise FrameError("an unknown fault")
    chain = _chain(frame["chain"])
    if frame["line"] != (chain[-1][1] if chain else None):
        raise FrameError("a line that is not the end of the call chain")
    error = ScriptError(storable(frame["type"], TYPE_CHARS), frame["line"], storable(frame["text"], TEXT_CHARS), chain)
    if frame["memory"]:
        return RunReport(OutcomeKind.OUT_OF_MEMORY, error=error)
    if frame["fault"] is None:
        return RunReport(OutcomeKind.RAISED, error=error)
    kind = OutcomeKind.CALL_REFUSED if frame["fault"] == CallFault.REFUSED else OutcomeKind.CALL_FAILED
    return RunReport(kind, error=error)


def _chain(calls: list[Any]) -> tuple[tuple[str, int], ...]:
    if len(calls) > CHAIN_CALLS:
        raise FrameError("a call chain that was not cut")
    for call in calls:
        if type(call) is not list or [type(part) for part in call] != [str, int]:
            raise FrameError("a call that is not a function with its line")
        if len(call[0]) > TYPE_CHARS or not _FUNCTION.fullmatch(call[0]):
            raise FrameError("a function without a name")
        if not 0 < call[1] <= _MAX_INT:
            raise FrameError("a line out of range")
    return tuple((call[0], call[1]) for call in calls)


def check_report_of(frame: Mapping[str, Any]) -> CheckReport:
    """What the compiler reports about a script (step 7). Raises `FrameError`."""
    lists = dict.fromkeys(("findings", "literals", "settings", "setting_places", "calls"), list)
    _check_fields(frame, t=str, api_level=int, has_code=bool, prepares=bool, **lists)
    if frame["api_level"] not in LEVELS:
        raise FrameError("an API level that does not exist")
    if frame["t"] != "checked" or len(frame["findings"]) > _MAX_FINDINGS or len(frame["literals"]) > _MAX_LITERALS:
        raise FrameError("a report that no check sends")
    findings = tuple(_finding(one) for one in frame["findings"])
    errors = any(finding.severity is Severity.ERROR for finding in findings)
    if errors == frame["has_code"]:
        raise FrameError("code and errors contradict each other")
    if (frame["settings"] or frame["prepares"]) and not frame["has_code"]:
        raise FrameError("settings or prepare of a script without code")
    if len(frame["calls"]) > _MAX_CALLS:
        raise FrameError("more calls than a check reports")
    return CheckReport(
        findings,
        tuple(_literal(one) for one in frame["literals"]),
        frame["api_level"],
        frame["has_code"],
        frame["prepares"],
        _settings(frame["settings"]),
        _places(frame["setting_places"], len(frame["settings"])),
        tuple(_call_literal(one) for one in frame["calls"]),
    )


def _check_fields(value: Any, /, **types: type | tuple[type, ...]) -> None:
    """Refuse a value that has not exactly these keys, each of exactly one of these types (step 2).

    A bool is not an int here, and every number is a line, a column or a level: from 1 up to what a database stores.
    """
    if type(value) is not dict or value.keys() != types.keys():
        raise FrameError("other keys than the sandbox sends")
    for name, kinds in types.items():
        if kinds is not object and type(value[name]) not in (kinds if isinstance(kinds, tuple) else (kinds,)):
            raise FrameError(f"{name} of the wrong type")
        if kinds is not object and type(value[name]) is int and not 0 < value[name] <= _MAX_INT:
            raise FrameError(f"{name} out of range")


def _message(value: dict[str, Any] | None) -> Mapping[str, str | None] | None:
    if value is not None:
        _check_fields(value, text=str, link=_TEXT_OR_NULL, color=_TEXT_OR_NULL)
    return value


def _pairs(name: str, value: list[Any]) -> tuple[tuple[str, str], ...]:
    for pair in value:
        if type(pair) is not list or [type(part) for part in pair] != [str, str]:
            raise FrameError(f"{name} that are not pairs of text")
    return tuple((pair[0], pair[1]) for pair in value)


def _within_limits(name: str, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if len(pairs) > _MAX_PAIRS or any(len(part) > _PAIR_CHARS for pair in pairs for part in pair):
        raise CallNotMade(
            CallFault.REFUSED, f"more than {_MAX_PAIRS} {name}, or one of more than {_PAIR_CHARS} characters"
        )
    return pairs


def _finding(value: Any) -> Finding:
    _check_fields(value, **_FINDING_FIELDS)
    if value["severity"] not in tuple(Severity):
        raise FrameError("an unknown severity")
    cut: dict[str, Any] = {
        name: storable(part, _FINDING_CHARS) if type(part) is str else part for name, part in value.items()
    }
    return Finding(**{**cut, "severity": Severity(value["severity"])})


def _settings(names: list[Any]) -> tuple[str, ...]:
    if len(names) > _MAX_SETTINGS or any(
        type(name) is not str or not 0 < len(name) <= _SETTING_CHARS for name in names
    ):
        raise FrameError("names of settings that no check sends")
    if any(first >= second for first, second in itertools.pairwise(names)):
        raise FrameError("names of settings that are not sorted")
    return tuple(storable(name, _SETTING_CHARS) for name in names)


def _places(places: list[Any], number: int) -> tuple[tuple[int, int], ...]:
    if len(places) != number:
        raise FrameError("another number of places than of settings")
    for place in places:
        if type(place) is not list or [type(part) for part in place] != [int, int]:
            raise FrameError("a place that is not a line and a column")
        if not all(0 < part <= _MAX_INT for part in place):
            raise FrameError("a place out of range")
    return tuple((place[0], place[1]) for place in places)


def _call_literal(value: Any) -> CallLiteral:
    _check_fields(value, line=int, column=int, method=str, connection=str, path=_TEXT_OR_NULL)
    if value["method"] not in _METHODS or not 0 < len(value["connection"]) <= _CALL_CHARS["connection"]:
        raise FrameError("a call that no check reports")
    path = value["path"]
    if path is not None and len(path) > _CALL_CHARS["path"]:
        raise FrameError("a path that no check reports")
    connection = storable(value["connection"], _CALL_CHARS["connection"])
    shown = None if path is None else storable(path, _CALL_CHARS["path"])
    return CallLiteral(value["line"], value["column"], value["method"], connection, shown)


def _literal(value: Any) -> MessageLiteral:
    _check_fields(value, line=int, column=int, text=_TEXT_OR_NULL, link=_TEXT_OR_NULL, color=_TEXT_OR_NULL)
    cut = {name: None if value[name] is None else storable(value[name], _FINDING_CHARS) for name in _LITERAL_TEXTS}
    return MessageLiteral(value["line"], value["column"], **cut)
