"""Keeps what real vendors answer in a run, as ANSWERS without anything personal or secret: for a case, or with the run."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final, Protocol

from records.storage.json_depth import is_deep
from runner.powers.call_record import CallRecord
from runner.powers.redaction import shown_pairs
from sandbox import Answer, Call, CallFault, CallNotMade, Powers

from .answer_redaction import AnswerRedaction

#: Headers that are written: what scripts read, and nothing that identifies anybody.
_HEADERS: Final = ("content-type", "link", "retry-after", "x-total-count", "x-next-page")
#: What an entry says of a call that failed.
_ERRORS: Final = {
    CallFault.TIMEOUT: "timeout",
    CallFault.CONNECTION: "connection",
    CallFault.TOO_LARGE: "too large",
    CallFault.REFUSED: "refused",
    CallFault.BREAKER_OPEN: "breaker open",
}
#: Characters of one answer, and of all entries of one run, that are kept with a run.
MOST_TEXT, MOST_OF_RUN = 32 * 1024, 64 * 1024


class RecordingPowers(Powers, Protocol):
    """Powers that also record their calls."""

    @property
    def calls(self) -> list[CallRecord]:
        """The calls, in order."""
        ...


class NotRecordableError(Exception):
    """A call has something personal or secret in it that came from no answer, so it could not be found again. The text says where."""


class RecordedCalls:
    """`sandbox.Powers` that pass each call on and keep it with its answer."""

    def __init__(self, live: RecordingPowers) -> None:
        self._live = live
        self.kept: list[tuple[Call, Answer | CallFault]] = []

    @property
    def calls(self) -> list[CallRecord]:
        """The calls, in order, as a trial shows them."""
        return self._live.calls

    def call(self, call: Call, *, deadline: float, read_bytes_left: int) -> Answer:
        """Make the call; raises `CallNotMade` as the powers behind it do."""
        try:
            answer = self._live.call(call, deadline=deadline, read_bytes_left=read_bytes_left)
        except CallNotMade as failed:
            self.kept.append((call, failed.fault))
            raise
        self.kept.append((call, answer))
        return answer

    def entries(self, redaction: AnswerRedaction) -> list[dict[str, Any]]:
        """Return ANSWERS: one entry for each different call, with its first answer. Raises `NotRecordableError`."""
        for call, answer in self.kept:  # to know every value that is replaced before anything is written
            _request(call, redaction)
            _response(answer, redaction)
        entries: list[dict[str, Any]] = []
        for call, answer in self.kept:
            entry = _request(call, redaction) | _response(
                answer, redaction
            )  # in this order: an answer comes after its call
            if not any(_same_request(entry, other) for other in entries):
                entries.append(entry)
        return entries

    def entries_of_run(self, redaction: AnswerRedaction) -> list[dict[str, Any]]:
        """Return ANSWERS to keep with a run: an entry for each call, in order, within a limited size.

        Left out is what is too large or nested too deeply, and a call with something personal in it that came from no answer:
        a trial on this run then says that the call was not recorded.
        """
        kept = [(call, answer) for call, answer in self.kept if _fits(answer)]
        for _, answer in kept:  # to know every value that is replaced before anything is kept
            _response(answer, redaction)
        entries, left = [], MOST_OF_RUN
        for call, answer in kept:
            try:
                entry = _request(call, redaction)
            except NotRecordableError:
                continue
            query = tuple((name, value) for name, values in entry.get("query", {}).items() for value in _listed(values))
            entry["query"] = _grouped(shown_pairs(query))
            entry |= _response(answer, redaction)
            left -= len(json.dumps(entry, ensure_ascii=False))
            if left < 0:
                break
            entries.append(entry)
        return entries


def _fits(answer: Answer | CallFault) -> bool:
    """Say whether an answer can be kept with a run; storing it must not fail, since its run would not be stored either."""
    if isinstance(answer, CallFault):
        return True
    try:
        return len(answer.text) <= MOST_TEXT and not is_deep(json.loads(answer.text))
    except RecursionError:
        return False
    except ValueError:
        return True  # it is a text


def _listed(values: Any) -> list[str]:
    return values if isinstance(values, list) else [values]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for name, value in pairs:
        query.setdefault(name, []).append(value)
    return query


def _request(call: Call, redaction: AnswerRedaction) -> dict[str, Any]:
    entry: dict[str, Any] = {"connection": call.connection, "method": call.method}
    entry["path"] = _of_call(call, call.path, "path", redaction)
    names = Counter(name for name, _ in call.params)
    query: dict[str, Any] = {}
    for name, value in call.params:
        shown = _of_call(call, value, f"parameter {name}", redaction)
        query[name] = [*query.get(name, []), shown] if names[name] > 1 else shown
    return entry | ({"query": query} if query else {})


def _of_call(call: Call, text: str, where: str, redaction: AnswerRedaction) -> str:
    shown = redaction.of_call(text)
    if shown is None:
        raise NotRecordableError(f"{call.method} {call.connection}: the {where} has something personal or secret in it")
    return shown


def _response(answer: Answer | CallFault, redaction: AnswerRedaction) -> dict[str, Any]:
    if isinstance(answer, CallFault):
        return {"error": _ERRORS.get(answer, "connection")}
    headers = {name: redaction.text(value) for name, value in answer.headers.items() if name in _HEADERS}
    if headers.get("content-type", "").partition(";")[0].strip() == "application/json":
        del headers["content-type"]  # an entry with JSON has it
    entry: dict[str, Any] = {"status": answer.status} | ({"headers": headers} if headers else {})
    try:
        return entry | {"json": redaction.value(json.loads(answer.text))}
    except (ValueError, RecursionError):
        return entry | {"text": redaction.text(answer.text)}


def _same_request(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(one.get(name) == other.get(name) for name in ("connection", "method", "path", "query"))
