"""Health for load balancers and operators. No login, any Host header, and never a secret in an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import Blueprint, Response, current_app, jsonify

from web.middleware import outage_answers
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

blueprint = Blueprint("health", __name__)

#: Name of a part -> whether it is there, None if that cannot be known. A check answers within seconds and turns its
#: part's errors into False.
Checks = Mapping[str, Callable[[], bool | None]]


#: The parts without which a process answers nothing, and what the lack of each part is called.
NEEDED = frozenset({"store"})
#: Part -> the part that knows about it: while that is missing, nothing can be said.
KNOWN_BY = {"workers": "store", "background_workers": "store"}
MISSING = {
    "store": "the store does not answer",
    "database": "the database does not answer, or is not of this release",
    "workers": "no worker takes jobs",
    "background_workers": "no background worker takes jobs: imports of large agenda files wait",
}


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
    """Say whether this process can answer what is cached, for load balancers: the store answers and takes a write.

    What else is missing is in `warnings`, with 200: a database that is away or workers that restart make no other web
    process answer better, so they must not take all of them out. A part of which nobody can know is null.
    """
    parts = _look(current_app.extensions["health checks"])
    warnings = [MISSING[name] for name, there in parts.items() if there is False and name not in NEEDED]
    lacking = [_lack(name) for name, there in parts.items() if not there and name in NEEDED]
    if lacking:
        raise HttpProblem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"Not ready: {', '.join(lacking)}. `session-status doctor` says more.",
            members={"ready": False, "parts": parts, "warnings": warnings},
        )
    response = jsonify(ready=True, parts=parts, warnings=warnings)
    response.headers["Cache-Control"] = "no-store"
    return response


def _look(checks: Checks) -> dict[str, bool | None]:
    parts: dict[str, bool | None] = {}
    for name, is_there in checks.items():
        parts[name] = None if parts.get(KNOWN_BY.get(name, "")) is False else is_there()
    return parts


def _lack(name: str) -> str:
    """What is missing, in the store's own words if it has said any."""
    says = outage_answers.store_says() if name == "store" else ""
    return f"the store refuses to serve ({says})" if says else MISSING[name]
