"""Refusals: the page for every login that did not work, and the line in the log that says why.

All refusals look the same to the person, so that an attacker learns nothing from them. The log has the reference of the
page beside the code, so that support can help.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from flask import Response, render_template

from records import audit, support_references
from records.tenants import implementations
from runner.logins import NotedError
from web.auth.login_steps.admission import Journey, NotAdmitted
from web.auth.services import AuthServices
from web.error_references import note_refusal, view
from web.problem_details import NO_IMPLEMENTATION, HttpProblem, answer

log = logging.getLogger(__name__)

#: The heading of the page, and what the person reads below it.
LOGIN = ("That login did not work", "Please try again.")
LOGOUT = ("That logout did not work", "Please try again.")

#: Most audit entries about refused logins in a window, so that attackers cannot fill the audit. The log has all refusals.
MOST_ENTRIES = 20
ENTRIES_WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class Refusal:
    """A refused login or logout of an implementation. `status` is the HTTP status, `said` the text that the person saw.

    `user` is the key of the person, if an accepted message has named it.
    """

    implementation: str
    code: str
    status: int = HTTPStatus.BAD_REQUEST
    said: str = ". ".join(LOGIN)
    user: str = ""
    detail: str = ""
    reference: str = field(default_factory=support_references.new)


def record(refusal: Refusal) -> None:
    """Record a refused login in the log, among the errors with a reference, among the last refused logins, and in the audit."""
    _note_error("login refused", refusal)
    where = (refusal.implementation, refusal.code, refusal.reference)
    AuthServices.here().store.refused_logins.note(*where, user=refusal.user, view=view())
    if refusal.implementation == implementations.STAFF:
        _audit(refusal)


def login(refusal: Refusal, journey: Journey | None = None) -> Response:
    """Record a refused login; return its page, which is the same for all reasons."""
    if not _is_known(refusal.implementation):
        return answer(HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION))
    record(refusal)
    return login_page(refusal, journey)


def login_page(refusal: Refusal, journey: Journey | None = None) -> Response:
    """Return the page for a refused login that is already recorded."""
    way = (journey or Journey()).address(f"/login/{refusal.implementation}")
    return _page(LOGIN, refusal, way, "Try again")


def not_admitted(implementation: str, refused: NotAdmitted, journey: Journey | None = None) -> Response:
    """Record that a person was not admitted; return the page."""
    refusal = Refusal(implementation, refused.code, HTTPStatus.FORBIDDEN, user=refused.user, detail=refused.detail)
    return login(refusal, journey)


def logout(implementation: str, code: str, *, detail: str = "") -> Response:
    """Record a refused logout message; return its page."""
    refusal = Refusal(implementation, code, said=". ".join(LOGOUT), detail=detail)
    _note_error("logout refused", refusal)
    return _page(LOGOUT, refusal, f"/login/{implementation}/out", "See whether you are logged in")


def _is_known(implementation: str) -> bool:
    """Say whether the implementation exists. Refusals for made-up ones are not recorded, so that they cannot fill the store."""
    with AuthServices.here().database.reading() as db:
        return implementations.find(db, implementation) is not None


def _note_error(what: str, refusal: Refusal) -> None:
    log.warning(
        "%s ref=%s implementation=%s code=%s detail=%r user=%r",
        *(what, refusal.reference, refusal.implementation, refusal.code, refusal.detail, refusal.user),
    )
    where = (refusal.status, view(), refusal.implementation)
    note_refusal(NotedError(refusal.reference, *where, user=refusal.user, code=refusal.code, said=refusal.said))


def _audit(refusal: Refusal) -> None:
    services = AuthServices.here()
    window_s = int(ENTRIES_WINDOW.total_seconds())
    if not services.store.attempts.hit(
        "refused logins in the audit", refusal.implementation, limit=MOST_ENTRIES, window_s=window_s
    ).ok:
        return
    with services.database.session() as db:
        audit.append(
            db,
            actor="",
            action="login.refused",
            target=refusal.user,
            implementation=refusal.implementation,
            detail={"code": refusal.code, "reference": refusal.reference},
        )


def _page(words: tuple[str, str], refusal: Refusal, way: str, link: str) -> Response:
    headline, text = words
    shown = {"headline": headline, "text": text, "reference": refusal.reference, "way": way, "link": link}
    page = render_template("ways/refused.html", **shown)
    return Response(page, refusal.status, mimetype="text/html", headers={"Cache-Control": "no-store"})
