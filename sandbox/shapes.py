"""What a child may say, frame by frame: exact keys, exact types, bounded sizes, and nothing else.

The child is hostile until proved otherwise, so nothing it sends is passed on as it came: each frame is either turned
into a frozen value of ours or refused. Two refusals differ: `Unfit` is a call that an honest script could make and is
told about; `FrameError` is something that no script can send without having left the language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import CallNotMade
from .frames import FrameError
from .outcomes import Call, CallFault, Finding, Kind, Literal, ScriptError, Severity

ERROR_CHARS = 300  #: of the text of a script's error
_METHODS = ("GET", "POST")
_FINDINGS = 500
_LITERALS = 5000  #: more `message(...)` than the longest script has room for
_NUMBER = 2**31  #: more than any line, column or level; a database would choke on more
_FINDING_CHARS = 4000
_CALL_CHARS = {"connection": 100, "path": 4096}
_LARGEST = 2**31 - 1  #: of a line, a column or a level; databases and pages take no more
_PAIRS, _PAIR_CHARS = 100, 8192
_FINDING_FIELDS = {"rule": str, "line": int, "column": int, "what": str, "why": str, "instead": str, "severity": str}
_LITERAL_TEXTS = ("text", "link", "color")


@dataclass(frozen=True)
class Last:
    """A child's last word about its run."""

    kind: Kind
    value: Mapping[str, str | None] | None = None
    error: ScriptError | None = None


@dataclass(frozen=True)
class Review:
    """A child's last word about a check. `has_code` says that one more frame follows, the compiled code."""

    findings: tuple[Finding, ...]
    literals: tuple[Literal, ...] = ()
    api_level: int = 1
    has_code: bool = field(default=False)


def printable(text: str, limit: int) -> str:
    """Cut, and without the one character which databases do not store."""
    return text[:limit].replace("\0", "\ufffd")


def call_of(frame: Mapping[str, Any]) -> Call:
    """A call, well-formed. Whether it may be made is for the powers. Raises `FrameError` and `CallNotMade`."""
    _exact(
        frame,
        t=str,
        method=str,
        connection=str,
        path=str,
        params=list,
        json=object,
        has_json=bool,
        headers=list,
    )
    if frame["method"] not in _METHODS:
        raise FrameError("no such method")
    for name, limit in _CALL_CHARS.items():
        if len(frame[name]) > limit:
            raise CallNotMade(CallFault.REFUSED, f"the {name} is longer than {limit} characters")
    return Call(
        method=frame["method"],
        connection=frame["connection"],
        path=frame["path"],
        params=_pairs("params", frame["params"]),
        json=frame["json"],
        has_json=frame["has_json"],
        headers=_pairs("headers", frame["headers"]),
    )


def line_of(frame: Mapping[str, Any], limit: int) -> str:
    """A line for the log, cut to `limit` characters."""
    _exact(frame, t=str, text=str)
    return printable(frame["text"], limit)


def last_of(frame: Mapping[str, Any]) -> Last:
    """How the child says that its run ended."""
    if frame.get("t") == "result":
        _exact(frame, t=str, value=(dict, type(None)))
        return Last(Kind.RETURNED, value=_message(frame["value"]))
    if frame.get("t") != "failed":
        raise FrameError("a frame of no known kind")
    return failure_of(frame)


def failure_of(frame: Mapping[str, Any]) -> Last:
    """An exception that reached the top."""
    _exact(frame, t=str, memory=bool, fault=(str, type(None)), type=str, line=(int, type(None)), text=str)
    error = ScriptError(printable(frame["type"], 80), frame["line"], printable(frame["text"], ERROR_CHARS))
    if frame["memory"]:
        return Last(Kind.OUT_OF_MEMORY, error=error)
    if frame["fault"] is None:
        return Last(Kind.RAISED, error=error)
    if frame["fault"] not in tuple(CallFault):
        raise FrameError("no such fault")
    kind = Kind.CALL_REFUSED if frame["fault"] == CallFault.REFUSED else Kind.CALL_FAILED
    return Last(kind, error=error)


def review_of(frame: Mapping[str, Any]) -> Review:
    """What the compiler said about a script."""
    _exact(frame, t=str, findings=list, literals=list, api_level=int, has_code=bool)
    if frame["t"] != "checked" or len(frame["findings"]) > _FINDINGS or len(frame["literals"]) > _LITERALS:
        raise FrameError("no review that we could have sent")
    findings = tuple(_finding(one) for one in frame["findings"])
    errors = any(finding.severity is Severity.ERROR for finding in findings)
    if errors == frame["has_code"]:
        raise FrameError("code and errors contradict each other")
    return Review(findings, tuple(_literal(one) for one in frame["literals"]), frame["api_level"], frame["has_code"])


def _exact(value: Any, /, **types: type | tuple[type, ...]) -> None:
    """Exactly these keys, each of exactly one of these types; a bool is no int here, and a number is a small one."""
    if type(value) is not dict or value.keys() != types.keys():
        raise FrameError("not the keys that we send")
    for name, kinds in types.items():
        if kinds is not object and type(value[name]) not in (kinds if isinstance(kinds, tuple) else (kinds,)):
            raise FrameError(f"{name} is of the wrong type")
        if kinds is not object and type(value[name]) is int and not 0 <= value[name] < _NUMBER:
            raise FrameError(f"{name} is out of range")
        if kinds is not object and type(value[name]) is int and not 0 <= value[name] <= _LARGEST:
            raise FrameError(f"{name} is out of range")


def _message(value: dict[str, Any] | None) -> Mapping[str, str | None] | None:
    if value is not None:
        _exact(value, text=str, link=(str, type(None)), color=(str, type(None)))
    return value


def _pairs(name: str, value: list[Any]) -> tuple[tuple[str, str], ...]:
    for pair in value:
        if type(pair) is not list or [type(part) for part in pair] != [str, str]:
            raise FrameError(f"{name} must be pairs of text")
    if len(value) > _PAIRS or any(len(part) > _PAIR_CHARS for pair in value for part in pair):
        raise CallNotMade(CallFault.REFUSED, f"more than {_PAIRS} {name}, or one over {_PAIR_CHARS} characters")
    return tuple((pair[0], pair[1]) for pair in value)


def _finding(value: Any) -> Finding:
    _exact(value, **_FINDING_FIELDS)
    if value["severity"] not in tuple(Severity):
        raise FrameError("no such severity")
    cut: dict[str, Any] = {
        name: printable(part, _FINDING_CHARS) if type(part) is str else part for name, part in value.items()
    }
    return Finding(**{**cut, "severity": Severity(value["severity"])})


def _literal(value: Any) -> Literal:
    optional = (str, type(None))
    _exact(value, line=int, column=int, text=optional, link=optional, color=optional)
    cut = {name: None if value[name] is None else printable(value[name], _FINDING_CHARS) for name in _LITERAL_TEXTS}
    return Literal(value["line"], value["column"], **cut)
