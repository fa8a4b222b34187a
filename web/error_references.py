"""The reference of an error: one line in the log, and an entry that `session-status runs find` reads.

Both hold keys only: the view, the implementation, the user and the session. They leave out the address, because some
of our addresses hold one-time values.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Flask, current_app, g, request

from records import support_references
from runner.logins import NotedError, NotedErrors
from runner.status.no_run_answer import note

log = logging.getLogger(__name__)

_EXTENSION = "noted errors"

#: Stands for the view if there was none: an unknown address, or a request that was refused before its view was found.
NO_VIEW = "no view"


def install(app: Flask, errors: NotedErrors) -> None:
    """Set where the application's errors are noted."""
    app.extensions[_EXTENSION] = errors


def note_user(implementation: str, subject: str) -> None:
    """Note the attendee of this request, once the login was read. Staff are left out: the console's refusals do not name them."""
    g.known_as = (implementation, subject)


def reference_of(status: HTTPStatus, *, why: str = "", said: str = "") -> str:
    """Log the error of this request and return its reference. It is also noted in the store, if the store answers.

    `why` is a code that the answer does not reveal, for example which step of a login failed. `said` is the text of the
    answer.
    """
    arguments = request.view_args or {}
    implementation_of_user, user = g.get("known_as", ("", ""))
    error = NotedError(
        reference=support_references.new(),
        status=int(status),
        what=view(),
        implementation=str(arguments.get("implementation", "") or implementation_of_user),
        user=user,
        session=str(arguments.get("session_id", "")),
        code=why,
        said=said,
    )
    log.log(
        logging.ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO,
        "error shown ref=%s status=%d view=%s implementation=%r user=%r session=%r why=%r",
        *(error.reference, error.status, error.what, error.implementation, error.user, error.session, why),
    )
    note(current_app.extensions[_EXTENSION], error)
    return error.reference


def note_refusal(error: NotedError) -> None:
    """Note an error of this request that already has a reference and a line in the log."""
    note(current_app.extensions[_EXTENSION], error)


def view() -> str:
    """Return the name of the view of this request."""
    return request.endpoint or NO_VIEW
