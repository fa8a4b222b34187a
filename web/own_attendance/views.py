"""The page of a person's own attendance. It shows what belongs to the login of the request, and names nobody in its address.

The steps for each request:

1. The implementation exists, is not archived, and its organizer lets people look.
2. There is a login of this implementation, and it has not been ended. Otherwise the login page leads back here.
3. The person is the user of that login. Their badge ID alone says which scans are theirs.
4. Whoever says that something is wrong has not done so too often lately.
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from flask import Blueprint, Response, flash, render_template, request, url_for

from records import DbSession, Implementation, RuleViolation, User, fields
from records.agenda import sessions
from records.attendance import scan_queries
from records.attendance.questions import attendance_words, disputes, own_attendance
from records.audit import AuditContext, person
from records.changes.attendance import questions as changes
from records.people import actors, users
from records.tenants import implementations
from web.auth.logins import Visitor, visitor_of
from web.auth.services import AuthServices
from web.console.commits import commit
from web.forms.base_form import BaseForm
from web.forms.fields import DropdownField, LineField
from web.middleware.response_headers import PRIVATE
from web.permissions import Permission, needs
from web.problem_details import NO_IMPLEMENTATION, HttpProblem
from web.redirects import see_other
from web.session_address import SessionAddress, checked_implementation
from web.time_format import TimeFormatter

blueprint = Blueprint("own_attendance", __name__, url_prefix="/me/<implementation>/attendance")

#: What a person may say in an hour.
MOST_SAID: Final = 10
WINDOW_S: Final = 3600
#: Sessions that can be chosen.
MOST_SESSIONS: Final = 2000
NOT_SHOWN = "The organizer of this conference does not show attendance here."


class DisputeForm(BaseForm):
    """What a person says is wrong."""

    session = DropdownField("Session")
    reason = LineField("What happened", description="The organizer reads it.", longest=disputes.LONGEST)


@blueprint.get("")
@needs(Permission.ANYONE)
def show(implementation: str) -> Response:
    """Show the sessions of the person with scans, minutes and what counts. 303 to the login without one; 404 if it is not shown."""
    with AuthServices.here().database.reading() as db:
        owner = _owner(db, implementation)
        visitor = _visitor(implementation)
        if visitor is None:
            return _to_login(implementation)
        user = users.find(db, owner, visitor.subject)
        return _page(
            "own_attendance/show.html",
            owner,
            own=own_attendance.of_user(db, owner, user, datetime.now(UTC)),
            rule=attendance_words.rule_in_words(scan_queries.rules_of(owner)),
            name=actors.name_of(user) if user else "",
            badge=user.badge_id if user else "",
            back=_back(owner),
        )


@blueprint.get("/wrong")
@needs(Permission.ANYONE)
def ask(implementation: str) -> Response:
    """Show the form to say that something is wrong; `session` chooses one."""
    form = DisputeForm(formdata=None)
    form.session.data = request.args.get("session", "")
    return _form_page(implementation, form)


@blueprint.post("/wrong")
@needs(Permission.ANYONE)
def say(implementation: str) -> Response:
    """Store what the person says. While one about the session is open, another is no change; too many are 429."""
    form = DisputeForm()
    with AuthServices.here().database.reading() as db:
        owner = _owner(db, implementation)
        visitor = _visitor(implementation)
        if visitor is None:
            return _to_login(implementation)
        if users.find(db, owner, visitor.subject) is None:
            raise HttpProblem(HTTPStatus.NOT_FOUND, "Nothing is known of you here yet. Log in again.")
    _limit(implementation, visitor)
    by = AuditContext(person(implementation, visitor.subject), form.reason.value)
    try:
        done = commit(lambda db: changes.dispute(db, *_person(db, implementation, visitor), form.session.value, by))
    except RuleViolation as refused:
        form.refuse(refused)
        return _form_page(implementation, form)
    flash(
        "The organizer will read it. The answer will be on this page."
        if done.made
        else "You have written about this session already."
    )
    return see_other(url_for(".show", implementation=implementation, session=form.session.value))


def _owner(db: DbSession, slug: str) -> Implementation:
    owner = implementations.find(db, checked_implementation(slug))
    if owner is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
    if not owner.own_attendance:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NOT_SHOWN)
    return owner


def _person(db: DbSession, slug: str, visitor: Visitor) -> tuple[Implementation, User]:
    owner = _owner(db, slug)
    user = users.find(db, owner, visitor.subject)
    if user is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "Nothing is known of you here any more.")
    return owner, user


def _visitor(implementation: str) -> Visitor | None:
    logins = AuthServices.here().logins
    visitor = visitor_of(implementation, logins)
    return visitor if isinstance(visitor, Visitor) and logins.is_active(visitor) else None


def _to_login(implementation: str) -> Response:
    return see_other(f"/login/{implementation}?next={quote(url_for('.show', implementation=implementation))}")


def _limit(implementation: str, visitor: Visitor) -> None:
    key = f"{implementation}/{visitor.subject}"
    decision = AuthServices.here().store.attempts.hit("disputes", key, limit=MOST_SAID, window_s=WINDOW_S)
    if not decision.ok:
        raise HttpProblem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "You have written several times in a row. Please try again later.",
            headers={"Retry-After": str(decision.retry_after_s)},
        )


def _form_page(implementation: str, form: DisputeForm) -> Response:
    with AuthServices.here().database.reading() as db:
        owner = _owner(db, implementation)
        if _visitor(implementation) is None:
            return _to_login(implementation)
        now = datetime.now(UTC)
        begun = [each for each in sessions.every(db, owner) if each.starts_at <= now]
        form.session.choices = [
            ("", "Choose a session"),
            *((each.session_id, each.title) for each in begun[-MOST_SESSIONS:]),
        ]
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.complaints else HTTPStatus.OK
        return _page("own_attendance/wrong.html", owner, status=status, form=form, back="")


def _back(owner: Implementation) -> str:
    """Return the address of the session from whose widget the person came, in the app; "" if they came from elsewhere."""
    session = request.args.get("session", "")
    return SessionAddress(owner.slug, session).app_path if fields.SESSION_ID.fullmatch(session) else ""


def _page(template: str, owner: Implementation, *, status: int = HTTPStatus.OK, **values: object) -> Response:
    times = TimeFormatter.of(owner)
    html = render_template(template, owner=owner, times=times, zone=owner.time_zone, **values)
    response = Response(html, status, mimetype="text/html")
    response.headers.extend(PRIVATE)
    return response
