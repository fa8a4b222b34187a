"""The gate: what a request must satisfy before any view sees it.

One place, so that no view can forget it. The steps, in this order:

1. The Host header names us. Health is exempt: load balancers ask by address.
2. The query has no NUL: nothing of ours is called so, and PostgreSQL refuses to look for it. Names in paths are checked
   where they are looked up.
3. The announced body is not larger than what the view reads.
4. A request which changes something comes from one of our own pages, unless it carries a bearer token: then the cookie
   is ignored (see `web.auth.logins`), and a foreign page cannot have set that header. The few views which foreign pages
   post to by design (an identity provider's answer) say so, and look at no cookie.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Request, request

from web.config import WebConfig
from web.permissions import BODY, taken_by
from web.problems import Fault

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
            raise Fault(HTTPStatus.BAD_REQUEST, "The Host header does not name this service.")
        # 2. NUL
        if b"%00" in request.query_string:
            raise Fault(HTTPStatus.BAD_REQUEST, "An address holds no NUL.")
        if request.method in SAFE_METHODS:
            return
        # 3. size
        taken = taken_by(app.view_functions.get(request.endpoint or ""))
        request.max_content_length = request.max_form_memory_size = taken.body
        if (request.content_length or 0) > taken.body:
            raise Fault(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body may have at most {taken.body} bytes.")
        # 4. origin
        if not (taken.from_elsewhere or carries_bearer(request) or comes_from_us(request, origins)):
            raise Fault(HTTPStatus.FORBIDDEN, "This can only be sent from our own pages, or with a bearer token.")


def carries_bearer(asked: Request) -> bool:
    """Say whether the request has a bearer token, good or bad."""
    return asked.headers.get("Authorization", "")[:7].lower() == "bearer "


def comes_from_us(asked: Request, origins: frozenset[str]) -> bool:
    """Say whether a browser vouches that one of our pages sent this. Silence is no proof."""
    site = asked.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return asked.headers.get("Origin", "").lower() in origins
