"""The bare address of the service, which people type: it leads to the console."""

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
