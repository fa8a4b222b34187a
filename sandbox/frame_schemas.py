"""What a child may say, frame by frame: exact keys, exact types, bounded sizes, and nothing else.

The child is hostile until proved otherwise, so nothing it sends is passed on as it came: each frame is either turned
into a frozen value of ours or refused. Two refusals differ. `CallNotMade` is about a call that a script of the language
can make: it is told, and that is all. `FrameError` is about what our own code in a child sends for no script at all:
a forged frame, which is an alarm and suspends the version. So what counts as forged is decided here, in these steps.

1. Bytes (`frames.py`, `channel.py`): a length that a child's memory can hold, then JSON exactly as we write it: finite,
   not deep, without lone surrogates, whole numbers of few digits. A length that memory could hold but the cap does not
   is a script's fault. A frame that breaks off is the child's end, which says what it was: an honest child sends
   nothing behind a part of a frame.
2. Kind: in a run `log`, `call`, `result`, `failed`; in a check `checked` or `failed`. Then exactly the keys of the kind,
   each of exactly its type, in any order; lines are whole numbers from 1, or nothing.
3. `log`: a text which the child has cut.
4. `call`: GET or POST; a path that begins with one "/" and names no host; JSON with POST only, and not deeper than the
   language allows; pairs of text. Too long and too many are a script's fault.
5. `result`: a message of three texts, or nothing.
6. `failed`: a name and a text which the child has cut; a fault we know, of an `ApiError` only, and not together with lost memory.
7. `checked`: a level that there is, findings, literals and names of settings no more than we report, code if and only
   if no finding is an error, names only with code, sorted and each once; then the code, which is not empty.
8. Behind `result`, `failed`, and `checked` with its code: nothing (`conversation.py`).

Whoever lets a child say something new changes this list, and the tests in which honest children say all they can.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import CallNotMade
from .frames import JSON_DEPTH, LOG_CHARS, TEXT_CHARS, TYPE_CHARS, FrameError, deeper_than
from .outcomes import Call, CallFault, Finding, MessageLiteral, OutcomeKind, ScriptError, Severity
from .runtime import API_LEVEL

_METHODS = ("GET", "POST")
_FINDINGS = 200  #: as many as a check keeps
_LITERALS = 5000  #: more `message(...)` than the longest script has room for
_FINDING_CHARS = 4000
_SETTINGS, _SETTING_CHARS = 200, 200  #: names of settings, and characters of one, as many as a check keeps
_CALL_CHARS = {"connection": 100, "path": 4096}
_LARGEST = 2**31 - 1  #: of a line, a column or a level; databases and pages take no more
_PAIRS, _PAIR_CHARS = 100, 8192
_TEXT_OR_NOTHING, _LINE_OR_NOTHING = (str, type(None)), (int, type(None))
_FINDING_FIELDS = {"rule": str, "line": int, "column": int, "what": str, "why": str, "instead": str, "severity": str}
_LITERAL_TEXTS = ("text", "link", "color")


@dataclass(frozen=True)
class RunReport:
    """A child's last word about its run."""

    kind: OutcomeKind
    value: Mapping[str, str | None] | None = None
    error: ScriptError | None = None


@dataclass(frozen=True)
class CheckReport:
    """A child's last word about a check. `has_code` says that one more frame follows, the compiled code."""

    findings: tuple[Finding, ...]
    literals: tuple[MessageLiteral, ...] = ()
    api_level: int = 1
    has_code: bool = field(default=False)
    settings: tuple[str, ...] = ()


def printable(text: str, limit: int) -> str:
    """Cut, and without the one character which databases do not store."""
    return text[:limit].replace("\0", "\ufffd")


def call_of(frame: Mapping[str, Any]) -> Call:
    """A call, well-formed (step 4). Whether it may be made is for the powers. Raises `FrameError` and `CallNotMade`."""
    _exact(
        frame,
        t=str,
        line=_LINE_OR_NOTHING,
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
    _path_of_a_connection(frame["path"])
    _json_of_a_script(frame)
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
        **{name: _few(name, value) for name, value in pairs.items()},
    )


def _path_of_a_connection(path: str) -> None:
    if not path.startswith("/") or path.startswith("//") or "://" in path.partition("?")[0]:
        raise FrameError("a path that is none")


def _json_of_a_script(frame: Mapping[str, Any]) -> None:
    if frame["has_json"] and (frame["method"] != "POST" or deeper_than(frame["json"], JSON_DEPTH)):
        raise FrameError("JSON that no script posts")
    if not frame["has_json"] and frame["json"] is not None:
        raise FrameError("JSON in a call without")


def line_of(frame: Mapping[str, Any], limit: int) -> str:
    """A line for the log (step 3), cut to `limit` characters."""
    _exact(frame, t=str, line=_LINE_OR_NOTHING, text=str)
    if len(frame["text"]) > LOG_CHARS:
        raise FrameError("a line that was not cut")
    return printable(frame["text"], limit)


def run_report_of(frame: Mapping[str, Any]) -> RunReport:
    """How the child says that its run ended (steps 2, 5 and 6)."""
    if frame.get("t") == "result":
        _exact(frame, t=str, value=(dict, type(None)))  # 5
        return RunReport(OutcomeKind.RETURNED, value=_message(frame["value"]))
    if frame.get("t") != "failed":
        raise FrameError("a frame of no known kind")
    return failure_report_of(frame)


def failure_report_of(frame: Mapping[str, Any]) -> RunReport:
    """An exception that reached the top (step 6)."""
    _exact(frame, t=str, memory=bool, fault=_TEXT_OR_NOTHING, type=str, line=_LINE_OR_NOTHING, text=str)
    if len(frame["type"]) > TYPE_CHARS or len(frame["text"]) > TEXT_CHARS:
        raise FrameError("an error that was not cut")
    if not frame["type"].isidentifier():
        raise FrameError("an error without a name")
    if frame["fault"] is not None and (frame["memory"] or frame["type"] != "ApiError"):
        raise FrameError("a fault of what makes no calls")
    if frame["fault"] is not None and frame["fault"] not in tuple(CallFault):
        raise FrameError("no such fault")
    error = ScriptError(printable(frame["type"], TYPE_CHARS), frame["line"], printable(frame["text"], TEXT_CHARS))
    if frame["memory"]:
        return RunReport(OutcomeKind.OUT_OF_MEMORY, error=error)
    if frame["fault"] is None:
        return RunReport(OutcomeKind.RAISED, error=error)
    kind = OutcomeKind.CALL_REFUSED if frame["fault"] == CallFault.REFUSED else OutcomeKind.CALL_FAILED
    return RunReport(kind, error=error)


def check_report_of(frame: Mapping[str, Any]) -> CheckReport:
    """What the compiler said about a script (step 7)."""
    _exact(frame, t=str, findings=list, literals=list, api_level=int, settings=list, has_code=bool)
    if frame["api_level"] > API_LEVEL:
        raise FrameError("a level that we do not have")
    if frame["t"] != "checked" or len(frame["findings"]) > _FINDINGS or len(frame["literals"]) > _LITERALS:
        raise FrameError("no review that we could have sent")
    findings = tuple(_finding(one) for one in frame["findings"])
    errors = any(finding.severity is Severity.ERROR for finding in findings)
    if errors == frame["has_code"]:
        raise FrameError("code and errors contradict each other")
    if frame["settings"] and not frame["has_code"]:
        raise FrameError("settings of a script that does not run")
    literals = tuple(_literal(one) for one in frame["literals"])
    return CheckReport(findings, literals, frame["api_level"], frame["has_code"], _settings(frame["settings"]))


def _exact(value: Any, /, **types: type | tuple[type, ...]) -> None:
    """Exactly these keys, each of exactly one of these types (step 2).

    A bool is no int here, and every number is a line, a column or a level: from 1, and no more than a database takes.
    """
    if type(value) is not dict or value.keys() != types.keys():
        raise FrameError("not the keys that we send")
    for name, kinds in types.items():
        if kinds is not object and type(value[name]) not in (kinds if isinstance(kinds, tuple) else (kinds,)):
            raise FrameError(f"{name} is of the wrong type")
        if kinds is not object and type(value[name]) is int and not 0 < value[name] <= _LARGEST:
            raise FrameError(f"{name} is out of range")


def _message(value: dict[str, Any] | None) -> Mapping[str, str | None] | None:
    if value is not None:
        _exact(value, text=str, link=_TEXT_OR_NOTHING, color=_TEXT_OR_NOTHING)
    return value


def _pairs(name: str, value: list[Any]) -> tuple[tuple[str, str], ...]:
    for pair in value:
        if type(pair) is not list or [type(part) for part in pair] != [str, str]:
            raise FrameError(f"{name} must be pairs of text")
    return tuple((pair[0], pair[1]) for pair in value)


def _few(name: str, pairs: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if len(pairs) > _PAIRS or any(len(part) > _PAIR_CHARS for pair in pairs for part in pair):
        raise CallNotMade(CallFault.REFUSED, f"more than {_PAIRS} {name}, or one over {_PAIR_CHARS} characters")
    return pairs


def _finding(value: Any) -> Finding:
    _exact(value, **_FINDING_FIELDS)
    if value["severity"] not in tuple(Severity):
        raise FrameError("no such severity")
    cut: dict[str, Any] = {
        name: printable(part, _FINDING_CHARS) if type(part) is str else part for name, part in value.items()
    }
    return Finding(**{**cut, "severity": Severity(value["severity"])})


def _settings(names: list[Any]) -> tuple[str, ...]:
    if len(names) > _SETTINGS or any(type(name) is not str or not 0 < len(name) <= _SETTING_CHARS for name in names):
        raise FrameError("names of settings that we could not have sent")
    if any(first >= second for first, second in itertools.pairwise(names)):
        raise FrameError("names of settings that are not sorted")
    return tuple(printable(name, _SETTING_CHARS) for name in names)


def _literal(value: Any) -> MessageLiteral:
    _exact(value, line=int, column=int, text=_TEXT_OR_NOTHING, link=_TEXT_OR_NOTHING, color=_TEXT_OR_NOTHING)
    cut = {name: None if value[name] is None else printable(value[name], _FINDING_CHARS) for name in _LITERAL_TEXTS}
    return MessageLiteral(value["line"], value["column"], **cut)
