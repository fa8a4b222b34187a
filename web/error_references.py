"""The reference of an error: one line in the log, and an entry that `session-status runs find` reads.

Both hold keys only: which view, of which implementation, for which user and session. The address is left out, because
some addresses of ours hold one-time values.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Flask, current_app, g, request

from records import support_references
from runner.logins import NotedError, NotedErrors
from runner.status.no_run_answer import note

log = logging.getLogger(__name__)

_KEPT = "noted errors"

#: An answer without a view: no address of ours, or one that was refused before a view was looked for.
NO_VIEW = "no view"


def install(app: Flask, errors: NotedErrors) -> None:
    """Let the application's errors be noted there."""
    app.extensions[_KEPT] = errors


def know(implementation: str, subject: str) -> None:
    """Say which attendee asks, once a login was read. Staff are left out: refusals of the console do not say who asked."""
    g.known_as = (implementation, subject)


def reference_of(status: HTTPStatus, *, why: str = "", said: str = "") -> str:
    """Log the error of this request and return its reference; it is noted, too, if the store can be asked.

    `why` is a code of ours that the answer does not tell, such as which step of a login refused; `said` is the sentence
    of the answer.
    """
    asked = request.view_args or {}
    home, user = g.get("known_as", ("", ""))
    error = NotedError(
        reference=support_references.new(),
        status=int(status),
        what=view(),
        implementation=str(asked.get("implementation", "") or home),
        user=user,
        session=str(asked.get("session_id", "")),
        code=why,
        said=said,
    )
    log.log(
        logging.ERROR if status >= HTTPStatus.INTERNAL_SERVER_ERROR else logging.INFO,
        "error shown ref=%s status=%d view=%s implementation=%r user=%r session=%r why=%r",
        *(error.reference, error.status, error.what, error.implementation, error.user, error.session, why),
    )
    note(current_app.extensions[_KEPT], error)
    return error.reference


def note_refusal(error: NotedError) -> None:
    """Note an error of this request which has its reference and its line in the log already."""
    note(current_app.extensions[_KEPT], error)


def view() -> str:
    """Return the name of the view that answers this request."""
    return request.endpoint or NO_VIEW
