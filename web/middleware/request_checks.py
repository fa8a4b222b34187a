"""The gate: what a request must satisfy before any view sees it.

One place, so that no view can forget it. The steps, in this order:

1. The Host header names us. Health is exempt: load balancers ask by address.
2. The query has no NUL: nothing of ours is called so, and PostgreSQL refuses to look for it. Names in paths are checked
   where they are looked up.
3. The web server has taken head and body (`web.server.request_head`, `web.server.request_body`), and the body is not larger than what
   the view reads. A length that was not announced is refused: the web server hands on no such body.
4. A request which changes something comes from one of our own pages, unless it carries a bearer token: then the cookie
   is ignored (see `web.auth.logins`), and a foreign page cannot have set that header. The few views which foreign pages
   post to by design (an identity provider's answer) say so, and look at no cookie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import Flask, Request, request
from werkzeug.exceptions import HTTPException

from web.config import WebConfig
from web.permissions import BODY, request_rules_of
from web.problem_details import HttpProblem

#: Where the web server says why it did not take a request: an `HTTPStatus`.
REFUSED = "session_status.refused"

#: What is said then. A body that is too large is answered with the view's own limit.
REFUSALS: Mapping[HTTPStatus, tuple[str, Mapping[str, str]]] = {
    HTTPStatus.BAD_REQUEST: ("The request did not arrive as it should.", {}),
    HTTPStatus.REQUEST_TIMEOUT: ("The body of the request did not arrive in time.", {}),
    HTTPStatus.REQUEST_URI_TOO_LONG: ("The address is longer than we read.", {}),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: ("The head of the request is longer than we read.", {}),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Too much is being sent at the moment. Please try again.", {"Retry-After": "5"}),
}

#: Fields of any form of ours.
MAX_FIELDS = 60

#: Endpoints which answer whatever the Host header says.
HEALTH = frozenset({"health.alive", "health.ready"})

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask, config: WebConfig) -> None:
    """Put the gate in front of every view."""
    app.config["MAX_CONTENT_LENGTH"] = BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = BODY
    app.config["MAX_FORM_PARTS"] = MAX_FIELDS
    hosts, origins = config.trusted_hosts, config.origins

    @app.before_request
    def pass_gate() -> None:
        # 1. Host
        if request.environ.get("HTTP_HOST", "").lower() not in hosts and request.endpoint not in HEALTH:
            raise HttpProblem(HTTPStatus.BAD_REQUEST, "The Host header does not name this service.")
        # 2. NUL
        if b"%00" in request.query_string:
            raise HttpProblem(HTTPStatus.BAD_REQUEST, "An address holds no NUL.")
        # 3. head and body
        taken = request_rules_of(app.view_functions.get(request.endpoint or ""))
        request.max_content_length = request.max_form_memory_size = taken.body
        _check_arrival(request, taken.body)
        if request.method in SAFE_METHODS:
            return
        # 4. origin
        if not (taken.from_elsewhere or carries_bearer(request) or comes_from_us(request, origins)):
            raise HttpProblem(HTTPStatus.FORBIDDEN, "This can only be sent from our own pages, or with a bearer token.")


def _check_arrival(asked: Request, limit: int) -> None:
    refused = asked.environ.get(REFUSED)
    if refused == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or (asked.content_length or 0) > limit:
        raise HttpProblem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body may have at most {limit} bytes.")
    if refused is not None:
        detail, headers = REFUSALS[refused]
        raise HttpProblem(refused, detail, headers=headers)
    if "Transfer-Encoding" in asked.headers:
        raise HttpProblem(HTTPStatus.LENGTH_REQUIRED, "The length of a body has to be announced.")


def body_limit(app: Flask) -> Callable[[str, str], int]:
    """Return what says, by method and path, how many bytes of a body the view takes."""
    adapter = app.url_map.bind("")

    def limit(method: str, path: str) -> int:
        try:
            endpoint, _ = adapter.match(path, method)
        except HTTPException:  # no view takes it: the answer will be 404, 405 or a redirect
            return BODY
        return request_rules_of(app.view_functions.get(endpoint)).body

    return limit


def carries_bearer(asked: Request) -> bool:
    """Say whether the request has a bearer token, good or bad."""
    return asked.headers.get("Authorization", "")[:7].lower() == "bearer "


def comes_from_us(asked: Request, origins: frozenset[str]) -> bool:
    """Say whether a browser vouches that one of our pages sent this. Silence is no proof."""
    site = asked.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return asked.headers.get("Origin", "").lower() in origins
