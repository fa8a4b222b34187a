"""Serves the OpenAPI document."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify

from web.openapi.document import build
from web.permissions import Permission, needs
from web.status.services import StatusEndpointServices

blueprint = Blueprint("openapi", __name__)


@blueprint.get("/api/openapi.json")
@needs(Permission.ANYONE)
def document() -> Response:
    """Give this description of the endpoints (OpenAPI 3.1)."""
    counter = StatusEndpointServices.here()
    return jsonify(build(current_app, public_url=counter.config.public_url, cookie=counter.logins.cookie))
