"""The answers of one run as they are kept: in the form of ANSWERS, without personal data of others, and limited in size.

An entry is made for each call, in the order of the calls. An answer that is too
large is left out: a trial on this run then says that the call was not recorded.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from sandbox import Answer, Call, CallFault, CallNotMade

from .call_record import CallRecord
from .call_request import CallRequest, check_call
from .personal_data import PersonalDataFilter
from .redaction import shown_pairs

#: Bytes of one answer's text, and of all entries of one run.
MOST_TEXT, MOST_OF_RUN = 32 * 1024, 64 * 1024
#: Headers that are kept: what a script reads to understand a body and to follow pages.
KEPT_HEADERS: Final = frozenset({"content-type", "link", "retry-after", "x-total-count"})
#: How the faults of calls are written in ANSWERS.
FAULTS: Final[Mapping[CallFault, str]] = {
    CallFault.REFUSED: "refused",
    CallFault.TIMEOUT: "timeout",
    CallFault.CONNECTION: "connection",
    CallFault.BREAKER_OPEN: "breaker open",
    CallFault.TOO_LARGE: "too large",
}


class AnswerLog:
    """Collects the entries of one run."""

    def __init__(self, own: Mapping[str, Any]) -> None:
        self._filter = PersonalDataFilter(own)
        self._left = MOST_OF_RUN
        self.entries: list[dict[str, Any]] = []

    def add(self, call: Call, record: CallRecord, answer: Answer | None, failure: CallNotMade | None) -> None:
        """Add the answer of a call, or its fault. `record` is the record of the call, without our secrets."""
        try:
            query = query_of(check_call(call))
        except CallNotMade:  # no path of a call: it is refused again
            return
        if answer is not None and len(answer.text) <= MOST_TEXT:
            result = self._answered(answer)
        elif failure is not None and failure.fault in FAULTS:
            result = {"error": FAULTS[failure.fault]}
        else:
            return
        entry: dict[str, Any] = {"connection": record.connection, "method": record.method, "path": record.path}
        entry |= {"query": query} | result
        size = len(json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace"))
        if size <= self._left:
            self._left -= size
            self.entries.append(entry)

    def _answered(self, answer: Answer) -> dict[str, Any]:
        headers = {name: self._filter.filtered(value) for name, value in answer.headers.items() if name in KEPT_HEADERS}
        return {"status": answer.status, "headers": headers, "text": self._filter.filtered(answer.text)}


def query_of(request: CallRequest) -> dict[str, list[str]]:
    """Return the parameters of a call as ANSWERS have them, without what may be secret."""
    query: dict[str, list[str]] = {}
    for name, value in shown_pairs(request.params):
        query.setdefault(name, []).append(value)
    return query
