"""Recorded answers in place of vendors, for authors and tests.

The rules for paths, parameters, headers and bodies are those of real calls, so that a script that passes here is not
refused later. The rules of a connection (its prefixes and methods) are not known here.
"""

from __future__ import annotations

import difflib
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox import Answer, Call, CallFault, CallNotMade

from .call_record import CallProgress, CallRecord
from .call_request import CallRequest, check_call
from .connections.errors import AnswersError
from .connections.vendor_connection import METHODS

MAX_DELAY_MS: Final = 60_000

#: What the `error` of an entry may be, and the fault that the script then gets.
_FAULTS: Final = {
    "timeout": CallFault.TIMEOUT,
    "refused": CallFault.REFUSED,
    "connection": CallFault.CONNECTION,
    "breaker open": CallFault.BREAKER_OPEN,
    "too large": CallFault.TOO_LARGE,
}
_FIELDS: Final = frozenset(
    {"connection", "method", "path", "query", "status", "headers", "json", "text", "error", "delay_ms", "comment"}
)


@dataclass(frozen=True)
class RecordedAnswer:
    """One entry: which calls it answers (`query` None: any) and with what. `fault` is set for a call that fails."""

    connection: str
    method: str
    path: str
    query: tuple[tuple[str, str], ...] | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    fault: CallFault | None = None
    delay_ms: float = 0.0

    def answers(self, request: CallRequest) -> bool:
        """Say whether this entry answers the call; the order of parameters does not matter."""
        same = (self.connection, self.method, self.path) == (request.connection, request.method, request.path)
        return same and (self.query is None or self.query == tuple(sorted(request.params)))


class RecordedPowers:
    """`sandbox.Powers` over an ANSWERS list: the first entry that matches answers. Raises `AnswersError` at once."""

    def __init__(self, answers: Any) -> None:
        self._answers = parse_answers(answers)
        self.calls: list[CallRecord] = []

    def call(self, call: Call, *, deadline: float, read_bytes_left: int) -> Answer:
        """Return the recorded answer; raises `CallNotMade`, also if there is none, which names the most similar entries."""
        progress = CallProgress()
        answer, failure = None, None
        try:
            answer = self._answer(check_call(call), deadline, read_bytes_left)
            progress.attempts, progress.bytes_read = 1, answer.bytes_read
        except CallNotMade as not_made:
            failure = not_made
            progress.bytes_read = not_made.bytes_read
        self.calls.append(progress.record(call, answer, failure))
        if answer is None:
            assert failure is not None
            raise failure
        return answer

    def _answer(self, request: CallRequest, deadline: float, read_bytes_left: int) -> Answer:
        entry = self._entry_for(request)
        if entry is None:
            raise CallNotMade(CallFault.NO_ANSWER_RECORDED, _missing(request, self._answers))
        delay_s = entry.delay_ms / 1000
        left_s = max(0.0, deadline - time.monotonic())
        if delay_s:
            time.sleep(min(delay_s, left_s))
        if delay_s > left_s or entry.fault is CallFault.TIMEOUT:
            raise CallNotMade(CallFault.TIMEOUT, f"{request.connection}: the answer did not come in time (recorded)")
        if entry.fault:
            raise CallNotMade(entry.fault, f"{request.connection}: {entry.fault.value} (recorded)")
        size = len(entry.text.encode("utf-8", "replace"))
        if size > read_bytes_left:
            text = f"{request.connection}: the answer is larger than allowed (recorded)"
            raise CallNotMade(CallFault.TOO_LARGE, text, bytes_read=read_bytes_left + 1)
        return Answer(entry.status, entry.headers, entry.text, size)

    def _entry_for(self, request: CallRequest) -> RecordedAnswer | None:
        """Return the entry that answers a call."""
        return next((entry for entry in self._answers if entry.answers(request)), None)


def _missing(request: CallRequest, answers: tuple[RecordedAnswer, ...]) -> str:
    wanted = _in_words(request.connection, request.method, request.path, tuple(sorted(request.params)))
    known = [_in_words(entry.connection, entry.method, entry.path, entry.query) for entry in answers]
    nearest = difflib.get_close_matches(wanted, known, n=3, cutoff=0.4)
    hint = (
        f"; the nearest recorded: {' | '.join(nearest)}" if nearest else "; no answer is recorded for anything like it"
    )
    return f"no answer is recorded for {wanted}{hint}"


def _in_words(connection: str, method: str, path: str, query: tuple[tuple[str, str], ...] | None) -> str:
    shown = "any query" if query is None else json.dumps(dict(query), ensure_ascii=False)
    return f"{method} {connection} {path} {shown}"[:400]


# -- reading ------------------------------------------------------------------------------------------------------


def parse_answers(data: Any) -> tuple[RecordedAnswer, ...]:
    """Read an ANSWERS list (its JSON); raises `AnswersError`, which names the entry (from 1) and the field."""
    if not isinstance(data, list):
        raise AnswersError(f"recorded answers must be a list of entries, not a {type(data).__name__}")
    return tuple(_Entry(number, entry).parse() for number, entry in enumerate(data, start=1))


class _Entry:
    """One entry while it is read, with its number for errors."""

    def __init__(self, number: int, data: Any) -> None:
        self._number = number
        if not isinstance(data, dict):
            raise AnswersError(f"entry {number}: an entry must be an object, not a {type(data).__name__}")
        self._data: dict[str, Any] = data

    def parse(self) -> RecordedAnswer:
        for name in self._data:
            if name not in _FIELDS:
                nearest = difflib.get_close_matches(name, _FIELDS, n=1)
                instead = f"did you mean {nearest[0]}?" if nearest else f"an entry has {', '.join(sorted(_FIELDS))}"
                raise self._error(name, f"is not known; {instead}")
        self._only_one_of("json", "text", "error")
        request = self._request()
        return RecordedAnswer(
            connection=request.connection,
            method=request.method,
            path=request.path,
            query=tuple(sorted(request.params)) if "query" in self._data or request.params else None,
            status=self._status(),
            headers=self._headers(),
            text=self._text(),
            fault=self._fault(),
            delay_ms=self._delay_ms(),
        )

    def _error(self, name: str, what: str) -> AnswersError:
        return AnswersError(f"entry {self._number}, field {name[:40]}: {what}")

    def _only_one_of(self, *names: str) -> None:
        present = [name for name in names if name in self._data]
        if len(present) > 1:
            raise self._error(present[1], f"must not be given together with {present[0]}")

    def _request(self) -> CallRequest:
        """Return the call that the entry answers, in the form in which calls are compared."""
        connection, method = self._str("connection"), self._str("method", "GET").upper()
        if method not in METHODS:
            raise self._error("method", "must be GET or POST")
        path, params = self._str("path"), self._params()
        try:
            return check_call(Call(method, connection, path, params))
        except CallNotMade as refusal:
            raise self._error("path", f"cannot be the path of a call: {refusal.text}") from None

    def _str(self, name: str, default: str | None = None) -> str:
        value = self._data.get(name, default)
        if not isinstance(value, str) or not value:
            raise self._error(name, "is missing" if value is None else "must be a text that is not empty")
        return value

    def _params(self) -> tuple[tuple[str, str], ...]:
        query = self._data.get("query")
        if query is None:
            return ()
        if not isinstance(query, dict):
            raise self._error("query", "must be an object of names and values")
        return tuple((name, one) for name, value in query.items() for one in self._values(name, value))

    def _values(self, name: str, value: Any) -> Iterable[str]:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, bool) or not isinstance(one, str | int | float):
                raise self._error("query", f"the value of {name!r} must be a text or a number, or a list of them")
            yield str(one)

    def _status(self) -> int:
        status = self._data.get("status", 200)
        if isinstance(status, bool) or not isinstance(status, int) or not 200 <= status <= 599:
            raise self._error("status", "must be a number from 200 to 599")
        return status

    def _headers(self) -> dict[str, str]:
        headers = self._data.get("headers", {})
        if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
            raise self._error("headers", "must be an object of names and texts")
        shown = {name.lower(): value for name, value in headers.items()}
        if "json" in self._data:
            shown.setdefault("content-type", "application/json")
        return shown

    def _text(self) -> str:
        if "json" in self._data:
            return json.dumps(self._data["json"], ensure_ascii=False)
        text = self._data.get("text", "")
        if not isinstance(text, str):
            raise self._error("text", "must be a text; for anything else use json")
        return text

    def _fault(self) -> CallFault | None:
        error = self._data.get("error")
        if error is not None and (not isinstance(error, str) or error not in _FAULTS):
            raise self._error("error", f"must be one of: {', '.join(_FAULTS)}")
        return _FAULTS[error] if error else None

    def _delay_ms(self) -> float:
        delay = self._data.get("delay_ms", 0)
        if isinstance(delay, bool) or not isinstance(delay, int | float) or not 0 <= delay <= MAX_DELAY_MS:
            raise self._error("delay_ms", f"must be a number from 0 to {MAX_DELAY_MS}")
        return float(delay)
