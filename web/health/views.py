"""Health for load balancers and operators. No login, any Host header, and never a secret in an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import Blueprint, Response, current_app, jsonify

from web.permissions import Permission, needs
from web.problems import Fault

blueprint = Blueprint("health", __name__)

#: Name of a part -> whether it is there. A check answers within seconds and turns its part's errors into False.
Checks = Mapping[str, Callable[[], bool]]


@blueprint.get("/healthz")
@needs(Permission.ANYONE)
def alive() -> Response:
    """Say that the process lives. Asks nothing else, so a broken database does not get the web server restarted."""
    response = jsonify(status="ok")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/readyz")
@needs(Permission.ANYONE)
def ready() -> Response:
    """Say whether statuses can be served: the store answers, the database is current, a worker is there.

    503 names the missing parts in `missing`.
    """
    checks: Checks = current_app.extensions["health checks"]
    missing = [name for name, is_there in checks.items() if not is_there()]
    if missing:
        raise Fault(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"Not ready, for lack of: {', '.join(missing)}. `session-status doctor` says more.",
            members={"missing": missing},
        )
    response = jsonify(status="ready", parts=list(checks))
    response.headers["Cache-Control"] = "no-store"
    return response
