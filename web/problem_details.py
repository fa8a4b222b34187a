"""Error responses for people and programs.

Programs (the API, health checks) get problem details (RFC 9457), people get a plain page. Views raise `HttpProblem` or one
of Werkzeug's exceptions; only this module decides what the response looks like.
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
PROGRAM_PATHS = ("/api/", "/hooks/", "/healthz", "/readyz")

#: Errors below these paths have no reference: load balancers ask every few seconds.
WITHOUT_REFERENCE = ("/healthz", "/readyz")

MEDIA_TYPE = "application/problem+json"

#: Headings of the page, by status code; HEADLINE is for all others.
HEADLINES = {
    HTTPStatus.BAD_REQUEST: "This link does not work",
    HTTPStatus.FORBIDDEN: "This is not allowed",
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many requests",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not available at the moment",
}
HEADLINE = "Something went wrong"

#: Details that replace Werkzeug's, by status code.
DETAILS = {
    HTTPStatus.NOT_FOUND: "No page or resource has this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not accept this method. The Allow header lists the methods that it accepts.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too large.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "The error is on our side and has been logged. Please try again in a moment.",
}


NO_IMPLEMENTATION = "There is no such implementation."
NO_SESSION = "The implementation's agenda has no such session."


class HttpProblem(HTTPException):
    """An error response with a text of ours.

    `members` are extension members of the problem document. `why` is an internal code that tells support the reason.
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
    """Answer every error of the application here; a bug is logged and becomes a 500."""
    app.log_exception = _log_bug  # type: ignore[method-assign]  # Flask's hook for what it logs
    app.register_error_handler(HTTPException, answer)
    # Exceptions of the rooms below are translated here, once for all views; `web.middleware.outage_answers` handles outages.
    app.register_error_handler(
        UnknownImplementation, lambda _: answer(HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION))
    )
    app.register_error_handler(UnknownSession, lambda _: answer(HttpProblem(HTTPStatus.NOT_FOUND, NO_SESSION)))


def _log_bug(exc_info: Any) -> None:
    """Log a bug without the address, which Flask would log: an address can hold one-time values and line breaks."""
    log.error("a bug method=%s endpoint=%s", request.method, request.endpoint, exc_info=exc_info)


def answer(error: HTTPException) -> Response:
    """Turn an error into a problem document or a page, with its reference or a new one."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    detail = error.description or ""
    if not isinstance(error, HttpProblem):
        detail = DETAILS.get(status, detail)
    headers = error.headers if isinstance(error, HttpProblem) else _own_headers(error)
    members = error.members if isinstance(error, HttpProblem) else {}
    reference = members.get("reference", "")
    if status >= HTTPStatus.BAD_REQUEST and not reference and not request.path.startswith(WITHOUT_REFERENCE):
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
    """Return a problem document (RFC 9457). With the type `about:blank`, the title is the phrase of the status code."""
    body = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, **(members or {})}
    response = Response(json.dumps(body), status, dict(headers or {}), mimetype=MEDIA_TYPE)
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _own_headers(error: HTTPException) -> dict[str, str]:
    """Return the headers of a standard exception (Allow, Retry-After, Location), without the type of its body."""
    return {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
