"""The bare address of the service, which people type, and robots.txt, which search engines ask for."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from web.permissions import Permission, needs
from web.redirects import see_other

blueprint = Blueprint("root", __name__)


@blueprint.get("/")
@needs(Permission.ANYONE)
def root() -> Response:
    """Lead to the console, which asks strangers to sign in."""
    return see_other(url_for("console.home"))


@blueprint.get("/robots.txt")
@needs(Permission.ANYONE)
def robots() -> Response:
    """Ask crawlers to fetch nothing: every page is one person's or the staff's, and a found address is a hint.

    Pages that are reached by an address all the same say `noindex` themselves (`web.middleware.response_headers`).
    """
    return Response("User-agent: *\nDisallow: /\n", mimetype="text/plain")
