"""The HTTP response for a status: the status code and the headers for the JSON that the run has made.

Hot path: this runs for every request of every attendee, so it only combines bytes and headers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus

from flask import Response
from werkzeug.http import parse_etags

from runner.status.status_body import Status, login
from web.middleware.response_headers import PRIVATE
from web.problem_details import HttpProblem

MEDIA_TYPE = "application/json"

#: Seconds until the next try, if the status does not say.
RETRY_AFTER = 2


@dataclass(frozen=True, slots=True)
class StatusResponse:
    """A response without framework. The body is JSON; its Content-Type and Content-Length are added later."""

    code: HTTPStatus
    headers: list[tuple[str, str]]
    body: bytes = b""

    def as_response(self) -> Response:
        """Return the same for Flask."""
        return Response(self.body, self.code, self.headers, mimetype=MEDIA_TYPE)


def reply(status: Status, none_match: str | None, waited_s: float = 0.0) -> StatusResponse:
    """Return the response: 200, 202 while there is nothing to show yet, or 304.

    `none_match` is the request's If-None-Match, `waited_s` the wait that was granted to it.
    """
    etag = status.etag
    headers = [*PRIVATE, ("ETag", f'W/"{etag}"')]
    if waited_s:
        headers.append(("Preference-Applied", f"wait={waited_s:g}"))
    pace = [("Retry-After", str(status.refresh_after or RETRY_AFTER))] if status.state == "checking" else []
    if none_match is not None and parse_etags(none_match).contains_weak(etag):
        return StatusResponse(HTTPStatus.NOT_MODIFIED, [*headers, *pace])  # it has no body that could say so
    if status.state == "checking" and status.message is None:
        headers += pace
        return StatusResponse(HTTPStatus.ACCEPTED, headers, status.as_json())
    return StatusResponse(HTTPStatus.OK, headers, status.as_json())


def login_reply(login_address: str) -> StatusResponse:
    """Return the response without a credential (200)."""
    return StatusResponse(HTTPStatus.OK, list(PRIVATE), login(login_address).as_json())


def refused_login(login_address: str) -> HttpProblem:
    """Return the refusal of an invalid credential (401), with a status for the app to show."""
    return HttpProblem(
        HTTPStatus.UNAUTHORIZED,
        "The login has ended, or belongs to another implementation.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"', **dict(PRIVATE)},
        members=json.loads(login(login_address).as_json()),
    )
