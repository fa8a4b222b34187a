"""A status as the app gets it: the status code and the headers which go with the JSON that the run has made.

Hot path: this runs for every request of every attendee, so it only puts bytes and headers together.
"""

from __future__ import annotations

import json
from http import HTTPStatus

from flask import Request, Response

from runner.shown import Status, login
from web.problems import Fault

#: An answer is one person's, and must not lie in any cache on the way.
PRIVATE = (("Cache-Control", "private, no-store"), ("Vary", "Authorization, Cookie"))

#: Seconds until the next try when the desk does not say.
RETRY_AFTER = 2


def answer(status: Status, asked: Request) -> Response:
    """Return the whole answer: 200, 202 while there is nothing to show yet, or 304."""
    etag = status.etag
    if "If-None-Match" in asked.headers and asked.if_none_match.contains_weak(etag):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers=[*PRIVATE, ("ETag", f'W/"{etag}"')])
    headers = [*PRIVATE, ("ETag", f'W/"{etag}"')]
    if status.state == "checking" and status.message is None:
        headers.append(("Retry-After", str(status.refresh_after or RETRY_AFTER)))
        return Response(status.as_json(), HTTPStatus.ACCEPTED, headers, mimetype="application/json")
    return Response(status.as_json(), HTTPStatus.OK, headers, mimetype="application/json")


def login_answer(login_address: str) -> Response:
    """Return what somebody without any credential gets (200)."""
    return Response(login(login_address).as_json(), headers=list(PRIVATE), mimetype="application/json")


def refused_login(login_address: str) -> Fault:
    """Return the refusal of a credential that does not count here (401), with something for the app to show."""
    return Fault(
        HTTPStatus.UNAUTHORIZED,
        "The login has ended, or belongs to another implementation.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"', **dict(PRIVATE)},
        members=json.loads(login(login_address).as_json()),
    )
