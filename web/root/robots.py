"""Keeps search engines out: everything here is one person's or the staff's, and an address that is found is a hint."""

from __future__ import annotations

from flask import Blueprint, Response

from web.permissions import Permission, needs

blueprint = Blueprint("robots", __name__)


@blueprint.get("/robots.txt")
@needs(Permission.ANYONE)
def robots() -> Response:
    """Ask crawlers to fetch nothing. What they have an address of all the same says `noindex` itself (`web.middleware.response_headers`)."""
    return Response("User-agent: *\nDisallow: /\n", mimetype="text/plain")
