"""The root address of the service, which people type, and robots.txt, which search engines request."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from web.permissions import Permission, needs
from web.redirects import see_other

blueprint = Blueprint("root", __name__)


@blueprint.get("/")
@needs(Permission.ANYONE)
def root() -> Response:
    """Redirect to the console, where people sign in."""
    return see_other(url_for("console.home"))


@blueprint.get("/robots.txt")
@needs(Permission.ANYONE)
def robots() -> Response:
    """Ask crawlers to fetch nothing: every page is for one person or for staff, and even its address tells something.

    Every page also says `noindex` (`web.middleware.response_headers`), for crawlers that follow a link to it.
    """
    return Response("User-agent: *\nDisallow: /\n", mimetype="text/plain")
