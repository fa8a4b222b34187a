"""Reads the body of a push of facts as a whole. What is wrong with one entry is not decided here: each stands alone."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import request

from records.attendance.scan_parsing import read_moment
from records.facts.fact_storage import FactBatch, FactSource
from records.facts.fact_tables import WHOLE_EVENT
from web.auth.external.strict_json import read_object
from web.problem_details import HttpProblem

#: Entries of one push.
MOST_ENTRIES: Final = 1000
SESSION, AT, FACTS = "session", "at", "facts"


def read_facts(body: bytes) -> FactBatch:
    """Read the body of a push. Raises `HttpProblem` (400, 415): then nothing of it is stored.

    1. It is JSON, without a content encoding.
    2. It is an object with the three members and no other; no name occurs twice in any object, and no number is `NaN`.
    3. `session` is the id of a session, or null for the whole event.
    4. `at` is a time with its offset.
    5. `facts` is an object with at most 1,000 members.
    """
    # 1.
    if request.mimetype != "application/json":
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON (application/json).")
    if request.headers.get("Content-Encoding"):
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must not have a Content-Encoding.")
    # 2.
    try:
        sent = read_object(body)
    except ValueError:
        raise _wrong("body", "The body must be a JSON object, in UTF-8, in which no name occurs twice.") from None
    if sent.keys() != {SESSION, AT, FACTS}:
        raise _wrong("body", f"The body must have exactly the members {SESSION}, {AT} and {FACTS}.")
    # 3.
    session = WHOLE_EVENT if sent[SESSION] is None else sent[SESSION]
    if not isinstance(session, str) or sent[SESSION] == WHOLE_EVENT:
        raise _wrong(SESSION, f"{SESSION} must be the id of a session, or null for the whole event.")
    # 4.
    at = read_moment(sent[AT])
    if at is None:
        raise _wrong(AT, f"{AT} must be a time with its offset (RFC 3339).")
    # 5.
    facts = sent[FACTS]
    if not isinstance(facts, dict) or len(facts) > MOST_ENTRIES:
        raise _wrong(FACTS, f"{FACTS} must be an object with at most {MOST_ENTRIES} members, one for each user.")
    return FactBatch(session, at, FactSource.PUSHED, facts)


def _wrong(name: str, detail: str) -> HttpProblem:
    return HttpProblem(HTTPStatus.BAD_REQUEST, detail, members={"field": name})
