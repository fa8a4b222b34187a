"""Refusals: the one page for every login that did not work, and the one line in the log that says why.

Outside, all refusals of a kind look the same, so that nobody can feel their way. The reference on the page stands in
the log beside the code, so that somebody who calls can be helped.
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

#: Audit entries of refused logins in so many seconds; the log has all of them. Strangers must not fill the audit.
MOST_ENTRIES = 20
ENTRIES_WINDOW = timedelta(hours=1)


@dataclass(frozen=True)
class Refusal:
    """A login or logout of an implementation that was refused. `status` is that of HTTP, `said` what the person saw.

    `user` is the key of the person, only where a message that was believed named it.
    """

    implementation: str
    code: str
    status: int = HTTPStatus.BAD_REQUEST
    said: str = ". ".join(LOGIN)
    user: str = ""
    detail: str = ""
    reference: str = field(default_factory=support_references.new)


def keep(refusal: Refusal) -> None:
    """Write a refused login down wherever somebody may look for it: log, errors by reference, last refused logins, audit."""
    _keep_error("login refused", refusal)
    where = (refusal.implementation, refusal.code, refusal.reference)
    AuthServices.here().store.refused.note(*where, user=refusal.user, view=view())
    if refusal.implementation == implementations.STAFF:
        _audit(refusal)


def login(refusal: Refusal, journey: Journey | None = None) -> Response:
    """Return the page for a login that was refused, whatever the reason; note the reason for ourselves."""
    if not _is_known(refusal.implementation):
        return answer(HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION))
    keep(refusal)
    return login_page(refusal, journey)


def login_page(refusal: Refusal, journey: Journey | None = None) -> Response:
    """Return the page for a refused login that has been kept."""
    way = (journey or Journey()).address(f"/login/{refusal.implementation}")
    return _page(LOGIN, refusal, way, "Try again")


def not_admitted(implementation: str, refused: NotAdmitted, journey: Journey | None = None) -> Response:
    """Return the page for a person who is not let in."""
    refusal = Refusal(implementation, refused.code, HTTPStatus.FORBIDDEN, user=refused.user, detail=refused.detail)
    return login(refusal, journey)


def logout(implementation: str, code: str, *, detail: str = "") -> Response:
    """Return the page for a message about a logout that was refused."""
    refusal = Refusal(implementation, code, said=". ".join(LOGOUT), detail=detail)
    _keep_error("logout refused", refusal)
    return _page(LOGOUT, refusal, f"/login/{implementation}/out", "See whether you are logged in")


def _is_known(implementation: str) -> bool:
    """Say whether there is such an implementation: strangers must not fill the store with refusals of made-up ones."""
    with AuthServices.here().database.reading() as db:
        return implementations.find(db, implementation) is not None


def _keep_error(what: str, refusal: Refusal) -> None:
    log.warning(
        "%s ref=%s implementation=%s code=%s detail=%r user=%r",
        *(what, refusal.reference, refusal.implementation, refusal.code, refusal.detail, refusal.user),
    )
    where = (refusal.status, view(), refusal.implementation)
    note_refusal(NotedError(refusal.reference, *where, user=refusal.user, code=refusal.code, said=refusal.said))


def _audit(refusal: Refusal) -> None:
    entrance = AuthServices.here()
    window_s = int(ENTRIES_WINDOW.total_seconds())
    if not entrance.store.attempts.hit(
        "refused logins in the audit", refusal.implementation, limit=MOST_ENTRIES, window_s=window_s
    ).ok:
        return
    with entrance.database.session() as db:
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
