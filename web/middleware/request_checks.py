"""The checks that every request must pass before its view is called.

They are in one place, so that no view can omit them. The steps, in this order:

1. The Host header names this service. Health checks are exempt, because load balancers use IP addresses.
2. The query contains no NUL character: no name of ours does, and PostgreSQL refuses to search for one. Names in paths are
   checked where they are looked up.
3. The web server has accepted head and body (`web.server.request_head`, `web.server.request_body`), and the body is not
   larger than the view allows. A body without a length is refused; the web server passes on none.
4. A request that changes something comes from one of our own pages, unless it has a bearer token: then the cookie is
   ignored (see `web.auth.logins`), and another site cannot set that header. The few views that other sites post to by
   design (an identity provider's answer) declare it, and ignore cookies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import Flask, Request, request
from werkzeug.exceptions import HTTPException

from web.config import WebConfig
from web.permissions import BODY, request_rules_of
from web.problem_details import HttpProblem

#: Key in `environ` for the reason why the web server refused a request: an `HTTPStatus`.
REFUSED = "session_status.refused"

#: Details and headers by reason. If a body is too large, the detail names the view's own limit.
REFUSALS: Mapping[HTTPStatus, tuple[str, Mapping[str, str]]] = {
    HTTPStatus.BAD_REQUEST: ("The request is malformed or incomplete.", {}),
    HTTPStatus.REQUEST_TIMEOUT: ("The body of the request did not arrive in time.", {}),
    HTTPStatus.REQUEST_URI_TOO_LONG: ("The address is too long.", {}),
    HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE: ("The request has too many or too long header fields.", {}),
    HTTPStatus.SERVICE_UNAVAILABLE: (
        "The service is receiving too much data at the moment. Please try again.",
        {"Retry-After": "5"},
    ),
}

#: Most parts of a form.
MAX_FIELDS = 60

#: Endpoints that accept any Host header.
HEALTH = frozenset({"health.alive", "health.ready"})

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask, config: WebConfig) -> None:
    """Check every request before its view."""
    app.config["MAX_CONTENT_LENGTH"] = BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = BODY
    app.config["MAX_FORM_PARTS"] = MAX_FIELDS
    hosts, origins = config.trusted_hosts, config.origins

    @app.before_request
    def check_request() -> None:
        # 1. Host
        if request.environ.get("HTTP_HOST", "").lower() not in hosts and request.endpoint not in HEALTH:
            raise HttpProblem(HTTPStatus.BAD_REQUEST, "The Host header does not name this service.")
        # 2. NUL
        if b"%00" in request.query_string:
            raise HttpProblem(HTTPStatus.BAD_REQUEST, "An address must not contain a NUL character.")
        # 3. head and body
        rules = request_rules_of(app.view_functions.get(request.endpoint or ""))
        request.max_content_length = request.max_form_memory_size = rules.body
        _check_arrival(request, rules.body)
        if request.method in SAFE_METHODS:
            return
        # 4. origin
        if not (rules.cross_site or carries_bearer(request) or is_same_origin(request, origins)):
            raise HttpProblem(
                HTTPStatus.FORBIDDEN, "This request must come from our own pages, or have a bearer token."
            )


def _check_arrival(received: Request, limit: int) -> None:
    refused = received.environ.get(REFUSED)
    if refused == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or (received.content_length or 0) > limit:
        raise HttpProblem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body may have at most {limit} bytes.")
    if refused is not None:
        detail, headers = REFUSALS[refused]
        raise HttpProblem(refused, detail, headers=headers)
    if "Transfer-Encoding" in received.headers:
        raise HttpProblem(HTTPStatus.LENGTH_REQUIRED, "The request must announce the length of its body.")


def body_limit(app: Flask) -> Callable[[str, str], int]:
    """Return a function that returns, for a method and a path, the most bytes of a body that the view accepts."""
    adapter = app.url_map.bind("")

    def limit(method: str, path: str) -> int:
        try:
            endpoint, _ = adapter.match(path, method)
        except HTTPException:  # there is no view: the response will be 404, 405 or a redirect
            return BODY
        return request_rules_of(app.view_functions.get(endpoint)).body

    return limit


def carries_bearer(received: Request) -> bool:
    """Say whether the request has a bearer token, valid or not."""
    return received.headers.get("Authorization", "")[:7].lower() == "bearer "


def is_same_origin(received: Request, origins: frozenset[str]) -> bool:
    """Say whether the browser states that one of our pages sent this. Missing headers mean no."""
    site = received.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return received.headers.get("Origin", "").lower() in origins
