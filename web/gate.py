"""The gate: what a request must satisfy before any view sees it.

One place, so that no view can forget it. The steps, in this order:

1. The Host header names us. Health is exempt: load balancers ask by address.
2. The announced body is not larger than anything we read.
3. A request which changes something comes from one of our own pages, unless it carries a bearer token: then the cookie
   is ignored (see `web.login.logins`), and a foreign page cannot have set that header.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Request, request

from web.config import WebConfig
from web.problems import Fault

#: The largest body of any form or call of ours, in bytes.
MAX_BODY = 16 * 1024

#: Endpoints which answer whatever the Host header says.
HEALTH = frozenset({"health.alive", "health.ready"})

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def install(app: Flask, config: WebConfig) -> None:
    """Put the gate in front of every view."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    app.config["MAX_FORM_MEMORY_SIZE"] = MAX_BODY
    hosts, origins = config.trusted_hosts, config.origins

    @app.before_request
    def pass_gate() -> None:
        # 1. Host
        if request.environ.get("HTTP_HOST", "").lower() not in hosts and request.endpoint not in HEALTH:
            raise Fault(HTTPStatus.BAD_REQUEST, "The Host header does not name this service.")
        if request.method in SAFE_METHODS:
            return
        # 2. size
        if (request.content_length or 0) > MAX_BODY:
            raise Fault(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body may have at most {MAX_BODY} bytes.")
        # 3. origin
        if not (carries_bearer(request) or comes_from_us(request, origins)):
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
