"""Refusals: the one page for every login that did not work, and the one line in the log that says why.

Outside, all refusals of a kind look the same, so that nobody can feel their way. The reference on the page stands in
the log beside the code, so that somebody who calls can be helped.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from http import HTTPStatus

from flask import Response, render_template

from records import audit, implementations, references
from web.auth.admission import Journey
from web.auth.entrance import Entrance
from web.error_notes import note_refusal
from web.problems import NO_IMPLEMENTATION, Fault, answer

log = logging.getLogger(__name__)

LOGIN = ("That login did not work", "That login did not work. Please try again.")
LOGOUT = ("That logout did not work", "That logout did not work. Please try again.")

#: Audit entries of refused logins in so many seconds; the log has all of them. Strangers must not fill the audit.
MOST_ENTRIES = 20
ENTRIES_WINDOW = timedelta(hours=1)


def login(
    implementation: str,
    code: str,
    *,
    detail: str = "",
    journey: Journey | None = None,
    status: HTTPStatus = HTTPStatus.BAD_REQUEST,
) -> Response:
    """Return the page for a login that was refused, whatever the reason; note the reason for ourselves."""
    if not _is_known(implementation):
        return answer(Fault(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION))
    reference = _noted("login refused", implementation, code, detail)
    note_refusal(reference, status, f"login refused: {code}", implementation)
    Entrance.here().store.refused.note(implementation, code, reference)
    if implementation == implementations.STAFF:
        _audit(implementation, code, reference)
    way = (journey or Journey()).address(f"/login/{implementation}")
    return _page(LOGIN, reference, way, "Try again", status)


def logout(implementation: str, code: str, *, detail: str = "") -> Response:
    """Return the page for a message about a logout that was refused."""
    reference = _noted("logout refused", implementation, code, detail)
    note_refusal(reference, HTTPStatus.BAD_REQUEST, f"logout refused: {code}", implementation)
    return _page(
        LOGOUT, reference, f"/login/{implementation}/out", "See whether you are logged in", HTTPStatus.BAD_REQUEST
    )


def _is_known(implementation: str) -> bool:
    """Say whether there is such an implementation: strangers must not fill the store with refusals of made-up ones."""
    with Entrance.here().database.reading() as db:
        return implementations.find(db, implementation) is not None


def _noted(what: str, implementation: str, code: str, detail: str) -> str:
    reference = references.new()
    log.warning("%s ref=%s implementation=%s code=%s detail=%r", what, reference, implementation, code, detail)
    return reference


def _audit(implementation: str, code: str, reference: str) -> None:
    entrance = Entrance.here()
    window_s = int(ENTRIES_WINDOW.total_seconds())
    if not entrance.store.attempts.hit(
        "refused logins in the audit", implementation, limit=MOST_ENTRIES, window_s=window_s
    ).ok:
        return
    detail = {"code": code, "reference": reference}
    with entrance.database.session() as db:
        audit.append(db, actor="", action="login.refused", implementation=implementation, detail=detail)


def _page(words: tuple[str, str], reference: str, way: str, link: str, status: HTTPStatus) -> Response:
    headline, text = words
    page = render_template("ways/refused.html", headline=headline, text=text, reference=reference, way=way, link=link)
    return Response(page, status, mimetype="text/html", headers={"Cache-Control": "no-store"})
