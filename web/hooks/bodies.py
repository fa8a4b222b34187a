"""What the bodies of all hooks have in common: strict JSON with exactly the members of the hook, one of them the session."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

from flask import request

from records.facts.fact_tables import WHOLE_EVENT
from web.auth.external.strict_json import read_object
from web.problem_details import HttpProblem

SESSION: Final = "session"


def read_members(body: bytes, names: Sequence[str]) -> dict[str, Any]:
    """Read a JSON object with exactly these members. Raises `HttpProblem` (400, 415).

    It has no content encoding, no name occurs twice in any object, and no number is `NaN`.
    """
    if request.mimetype != "application/json":
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON (application/json).")
    if request.headers.get("Content-Encoding"):
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must not have a Content-Encoding.")
    try:
        sent = read_object(body)
    except ValueError:
        raise wrong("body", "The body must be a JSON object, in UTF-8, in which no name occurs twice.") from None
    if sent.keys() != set(names):
        raise wrong("body", f"The body must have exactly the members {', '.join(names[:-1])} and {names[-1]}.")
    return sent


def read_session(value: object) -> str:
    """Read the id of a session; null is the whole event. Raises `HttpProblem` (400)."""
    session = WHOLE_EVENT if value is None else value
    if not isinstance(session, str) or value == WHOLE_EVENT:
        raise wrong(SESSION, f"{SESSION} must be the id of a session, or null for the whole event.")
    return session


def wrong(name: str, detail: str) -> HttpProblem:
    """Return the problem of a member that is wrong."""
    return HttpProblem(HTTPStatus.BAD_REQUEST, detail, members={"field": name})
