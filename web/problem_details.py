"""Errors as people and programs can read them.

Programs (the API, health) get problem details as in RFC 9457, people get a plain page. Views raise `HttpProblem` or one of
Werkzeug's exceptions; this file alone decides what that looks like.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from runner.status.service import UnknownImplementation, UnknownSession
from web.error_references import reference_of

log = logging.getLogger(__name__)

#: Paths below these are read by programs.
PROGRAM_PATHS = ("/api/", "/healthz", "/readyz")

#: Errors below these have no reference: load balancers ask every few seconds, and read nothing out.
READ_BY_NOBODY = ("/healthz", "/readyz")

MEDIA_TYPE = "application/problem+json"

#: What the page says to people, by status code. The fallback is for the rest.
HEADLINES = {
    HTTPStatus.BAD_REQUEST: "This link does not work",
    HTTPStatus.FORBIDDEN: "This is not allowed",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.TOO_MANY_REQUESTS: "That was a little quick",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not available at the moment",
}
HEADLINE = "Something went wrong"

#: Where Werkzeug's own words are about servers and URLs, ours are about what to do.
DETAILS = {
    HTTPStatus.NOT_FOUND: "No page or resource has this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that method; the Allow header lists those it takes.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is larger than we read.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The fault is ours, and it has been noted. Please try again in a moment.",
}


NO_IMPLEMENTATION = "There is no such implementation."
NO_SESSION = "The implementation's agenda has no such session."


class HttpProblem(HTTPException):
    """A refusal with words of ours.

    `members` are extension members of the problem document. `why` is a code of ours by which support finds the reason.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
        why: str = "",
    ) -> None:
        super().__init__(detail)
        self.code = int(status)
        self.headers = dict(headers or {})
        self.members = dict(members or {})
        self.why = why


def install(app: Flask) -> None:
    """Make every error of the application one of ours; a bug becomes a 500 which the log has seen."""
    app.log_exception = _log_bug  # type: ignore[method-assign]  # Flask's hook for what it logs
    app.register_error_handler(HTTPException, answer)
    # What the rooms below raise is translated here, once for all views; outages are `web.middleware.outage_answers`'.
    app.register_error_handler(
        UnknownImplementation, lambda _: answer(HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION))
    )
    app.register_error_handler(UnknownSession, lambda _: answer(HttpProblem(HTTPStatus.NOT_FOUND, NO_SESSION)))


def _log_bug(exc_info: Any) -> None:
    """Log without the address, which the framework would: it can be a one-time value, and hold line breaks."""
    log.error("a bug method=%s endpoint=%s", request.method, request.endpoint, exc_info=exc_info)


def answer(error: HTTPException) -> Response:
    """Turn an error into a problem document or a page, with a reference that a person can read out: its own, or a new one."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    detail = error.description or ""
    if not isinstance(error, HttpProblem):
        detail = DETAILS.get(status, detail)
    headers = error.headers if isinstance(error, HttpProblem) else _kept_headers(error)
    members = error.members if isinstance(error, HttpProblem) else {}
    reference = members.get("reference", "")
    if status >= HTTPStatus.BAD_REQUEST and not reference and not request.path.startswith(READ_BY_NOBODY):
        reference = reference_of(status, why=error.why if isinstance(error, HttpProblem) else "", said=detail)
        members = {"reference": reference, **members}
    if request.path.startswith(PROGRAM_PATHS):
        return problem(status, detail, headers, members)
    headline = HEADLINES.get(status, HEADLINE)
    page = render_template("error.html", headline=headline, detail=detail, reference=reference)
    response = Response(page, status, headers, mimetype="text/html")
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def problem(
    status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None, members: Mapping[str, Any] | None = None
) -> Response:
    """Return a problem document (RFC 9457); `about:blank` means that the title is the status code's own phrase."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, **(members or {})}
    response = Response(json.dumps(body), status, dict(headers or {}), mimetype=MEDIA_TYPE)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _kept_headers(error: HTTPException) -> dict[str, str]:
    """Return what a standard exception says in headers (Allow, Retry-After, Location), without its body's type."""
    return {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
