"""The login page of development: a list of sample users, and no password.

A stand-in for SSO and External Authentication. It says so on every page, warns in the log when it is built, and the
application does not build it in production at all.
"""

from __future__ import annotations

import logging
import secrets
import time
from http import HTTPStatus

from flask import Blueprint, Flask, Response, render_template, request
from flask_login import current_user

from records import Implementation, implementations, users
from web.auth.logins import Visitor
from web.onward import local_path, see_other
from web.places import checked_implementation
from web.problems import NO_IMPLEMENTATION, Fault
from web.status.asking import Counter

blueprint = Blueprint("login", __name__, url_prefix="/login")


log = logging.getLogger(__name__)


def install(app: Flask) -> None:
    """Add the stand-in to the application. Never call this in production."""
    log.warning("The login page of development is on: anybody can log in as anybody.")
    app.register_blueprint(blueprint)


@blueprint.get("/<implementation>")
def choose(implementation: str) -> Response:
    """List the implementation's sample users."""
    counter = Counter.here()
    checked_implementation(implementation)
    with counter.database.reading() as db:
        found = _implementation(implementations.find(db, implementation))
        people = users.every(db, found)
    page = render_template(
        "login/choose.html",
        name=found.name,
        implementation=implementation,
        people=people,
        next_path=local_path(request.args.get("next", "")),
        logged_in=next((p for p in people if is_here(implementation, p.subject)), None),
    )
    return Response(page, mimetype="text/html", headers={"Cache-Control": "no-store"})


@blueprint.post("/<implementation>")
def log_in(implementation: str) -> Response:
    """Log in as one of the sample users, then go on to `next`."""
    counter = Counter.here()
    checked_implementation(implementation)
    subject = request.form.get("subject", "")
    with counter.database.reading() as db:
        found = _implementation(implementations.find(db, implementation))
        if users.find(db, found, subject) is None:
            raise Fault(HTTPStatus.BAD_REQUEST, "There is no such sample user. Please choose one from the list.")
    response = _onward(implementation)
    login = secrets.token_urlsafe(24)
    counter.logins.keep(response, Visitor(implementation, subject, login, int(time.time()), "development"))
    return response


@blueprint.post("/<implementation>/out")
def log_out(implementation: str) -> Response:
    """Log out, then go on to `next`."""
    checked_implementation(implementation)
    response = _onward(implementation)
    Counter.here().logins.forget(response)
    return response


def is_here(implementation: str, subject: str) -> bool:
    """Say whether it is this user who is logged in."""
    who = getattr(current_user, "implementation", None), getattr(current_user, "subject", None)
    return who == (implementation, subject)


def _onward(implementation: str) -> Response:
    return see_other(local_path(request.form.get("next", "")) or f"/login/{implementation}")


def _implementation(found: Implementation | None) -> Implementation:
    if found is None:
        raise Fault(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
    return found
