"""Health checks for load balancers and operators. They need no login, accept any Host header, and reveal no secret."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import Blueprint, Response, current_app, jsonify

from web.middleware import outage_answers
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

blueprint = Blueprint("health", __name__)

#: Name of a part -> a check that says whether the part is available (None: unknown). A check ends within seconds, and
#: returns False if the part raises an error.
Checks = Mapping[str, Callable[[], bool | None]]


#: The parts without which a process cannot answer any request.
NEEDED = frozenset({"store"})
#: Part -> the part by which it is checked: while that is missing, its state is unknown.
DEPENDS_ON = {"store_memory": "store", "workers": "store", "background_workers": "store", "check_workers": "store"}
MISSING = {
    "store": "the store does not answer",
    "store_memory": "the store is more than four fifths full: the oldest statuses go, so that logins have room",
    "database": "the database does not answer, or its schema is not of this release",
    "workers": "no worker is running",
    "background_workers": "no background worker is running: notices, mails and imports of large agenda files have to wait",
    "check_workers": "no background worker checks scripts: authors can write and save, but hand nothing in",
}


@blueprint.get("/healthz")
@needs(Permission.ANYONE)
def alive() -> Response:
    """Say that the process is alive. Nothing else is checked, so that a broken database does not restart the web server."""
    response = jsonify(status="ok")
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/readyz")
@needs(Permission.ANYONE)
def ready() -> Response:
    """Say whether this process can serve cached statuses, for load balancers: the store answers and accepts a write.

    Other missing parts are listed in `warnings`, with 200: if the database or the workers are missing, no other web process
    is better off, so the load balancer must not remove them all. A part whose state is unknown is null.
    """
    parts = _check_parts(current_app.extensions["health checks"])
    warnings = [MISSING[name] for name, there in parts.items() if there is False and name not in NEEDED]
    lacking = [_fault_of(name) for name, there in parts.items() if not there and name in NEEDED]
    if lacking:
        raise HttpProblem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"Not ready: {', '.join(lacking)}. `session-status doctor` shows details.",
            members={"ready": False, "parts": parts, "warnings": warnings},
        )
    response = jsonify(ready=True, parts=parts, warnings=warnings)
    response.headers["Cache-Control"] = "no-store"
    return response


def _check_parts(checks: Checks) -> dict[str, bool | None]:
    parts: dict[str, bool | None] = {}
    for name, is_there in checks.items():
        parts[name] = None if parts.get(DEPENDS_ON.get(name, "")) is False else is_there()
    return parts


def _fault_of(name: str) -> str:
    """Return what is missing, with the store's own message if there is one."""
    says = outage_answers.store_says() if name == "store" else ""
    return f"the store refuses to serve ({says})" if says else MISSING[name]
