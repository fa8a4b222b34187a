"""The first administrator: a link that works once, for the time before any identity provider is connected.

`session-status administrator link` prints it on the machine itself. The steps:

1. Opening the link does not use it up: mail programs and chats fetch addresses only to preview them.
2. The attempts from one address are limited.
3. The button uses the link up, for exactly one caller.
4. The login is that of the user "first administrator" of the staff implementation. It ends by itself after some hours.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Blueprint, Response, request

from records import UserProfile
from records.changes import people
from records.people import administrators
from records.tenants import implementations
from web.auth.client_networks import address_of
from web.auth.login_steps.admission import AuthenticatedPerson, Journey, NotAdmitted, arrive
from web.auth.services import AuthServices
from web.auth.staff.staff_member import FIRST
from web.console.commits import commit
from web.console.layout.page_frame import page
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

log = logging.getLogger(__name__)

blueprint = Blueprint("console_first", __name__, url_prefix="/console/first")

#: Attempts from one address in this many seconds.
MOST_ATTEMPTS = 20
WINDOW_S = 600

LOCKED_OUT = (
    "The first administrator is locked out. Another administrator can let them in again, on the people page of the staff "
    "implementation; or an operator can grant the role with: session-status role grant."
)


@blueprint.get("/<token>")
@needs(Permission.ANYONE)
def look(token: str) -> Response:
    """Show what the link does, with one button. The link is not used up (1.)."""
    _limit_attempts()
    with AuthServices.here().database.reading() as db:
        works = administrators.is_open(db, token)
    return _page(works=works)


@blueprint.post("/<token>")
@needs(Permission.ANYONE)
def use(token: str) -> Response:
    """Use the link and log in."""
    _limit_attempts()
    used = commit(lambda db: people.use_administrator_link(db, token)).value  # 3.
    if not used:
        log.warning("refused code=administrator link used up, expired or unknown")
        return _page(works=False)
    person = AuthenticatedPerson(
        implementation=implementations.STAFF,
        source=FIRST,
        provider=FIRST,
        subject=FIRST,
        profile=UserProfile(username=FIRST, first_name="First", last_name="administrator"),
    )
    try:
        return arrive(person, Journey(next="/console/"))  # 4.
    except NotAdmitted as refused:
        log.warning("refused code=%s of the first administrator", refused.code)
        raise HttpProblem(HTTPStatus.FORBIDDEN, LOCKED_OUT) from None


def _limit_attempts() -> None:
    """Refuse too many attempts (2.). The link cannot be guessed; this protects the log and the database from floods."""
    allowed = AuthServices.here().store.attempts.hit(
        "first administrator", address_of(request.remote_addr or ""), limit=MOST_ATTEMPTS, window_s=WINDOW_S
    )
    if not allowed.ok:
        raise HttpProblem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "There were too many attempts from your address. Please wait a few minutes.",
            headers={"Retry-After": str(allowed.retry_after_s)},
        )


def _page(*, works: bool) -> Response:
    status = HTTPStatus.OK if works else HTTPStatus.GONE
    return page("console/first/link.html", title="First administrator", works=works, status=status)
