"""The people of an implementation: searching, one person, locking out and letting in again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from flask import Blueprint, Response, flash, url_for

from records import DbSession, Grant, Implementation, RuleViolation, User, audit
from records.changes import people as changes
from records.changes.grants import whom
from records.changes.people import DISABLED as LOCKED_OUT
from records.facts import fact_lists
from records.people import actors, grants, users
from records.people.actors import NamedEntry
from records.tenants import implementations
from runner.logins.refused_logins import MOST
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to
from web.console.layout.list_query import ROWS, Listing
from web.console.layout.page_frame import Link, implementation_named, page, signed_in
from web.console.people.forms import LockOutForm, PersonSearchForm
from web.console.people.refused_logins import refused_logins
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other

blueprint = Blueprint("console_people", __name__, url_prefix="/console/implementations/<implementation>")


@dataclass(frozen=True)
class PersonWithGrants:
    """A person with the grants that apply to them now."""

    user: User
    grants: list[Grant]

    @property
    def roles(self) -> dict[str, list[str]]:
        """Each role above attendee, and why the person has it."""
        found: dict[str, list[str]] = {}
        for grant in self.grants:
            found.setdefault(grant.role, []).append(f"by {whom(grant)}")
        return found

    @property
    def name(self) -> str:
        """What the person is called."""
        return f"{self.user.first_name} {self.user.last_name}".strip()


@dataclass(frozen=True)
class LockOut:
    """When and why a person was locked out, with the audit entry that names who did it, if there is one."""

    at: datetime
    reason: str
    entry: NamedEntry | None

    @classmethod
    def of(cls, db: DbSession, implementation: Implementation, user: User) -> LockOut | None:
        """Return it for a person who is locked out, otherwise None."""
        if user.disabled_at is None:
            return None
        entry = audit.newest(db, implementation=implementation.slug, action=LOCKED_OUT, target=user.subject)
        known = entry is not None and implementations.existed_at(implementation, entry.at)
        return cls(
            user.disabled_at, user.disabled_reason, actors.of_entries(db, [entry])[0] if entry and known else None
        )


@blueprint.get("/people")
@needs(Permission.SEE_PEOPLE)
def people(implementation: str) -> Response:
    """List people, the latest logins first unless `sort` says otherwise; `q` searches names, usernames, badge IDs and user IDs."""
    form = PersonSearchForm.of_request()
    listing = Listing.of_request(users.ORDERS, "-seen", text=form.q.value)
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        rows = users.search(
            db, found, listing.text, order=listing.sort, limit=ROWS + 1, offset=(listing.page - 1) * ROWS
        )
        known = [_known(db, found, user) for user in rows[:ROWS]]
    return page(
        "console/people/list.html",
        title="People",
        implementation=found,
        people=known,
        form=form,
        listing=listing,
        more=len(rows) > ROWS,
    )


@blueprint.get("/refused-logins")
@needs(Permission.SEE_PEOPLE)
def refused(implementation: str) -> Response:
    """List the last refused logins: when, why, the person if known, and the reference that the person saw."""
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        return page(
            "console/people/refused.html",
            title="Refused logins",
            implementation=found,
            refused=refused_logins(db, found),
            most=MOST,
        )


@blueprint.get("/people/<int:number>")
@needs(Permission.SEE_PEOPLE)
def person(implementation: str, number: int) -> Response:
    """Show one person: what the provider said last, their roles and why, and whether they are locked out."""
    return _person_page(implementation, number, LockOutForm(formdata=None))


@blueprint.post("/people/<int:number>/disable")
@needs(Permission.GRANT_ROLES, fresh=True)
def disable(implementation: str, number: int) -> Response:
    """Lock a person out: they have no role, cannot log in, and every login and app token of theirs ends."""
    form = LockOutForm()
    by = by_page(form.reason.data or "")
    try:
        commit_to(implementation, lambda db, found: changes.disable(db, found, _of(db, found, number), by))
    except RuleViolation as refused:
        if refused.field == changes.YOURSELF:
            raise HttpProblem(HTTPStatus.CONFLICT, refused.reason) from None
        form.refuse(refused)
        return _person_page(implementation, number, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    flash("This person is locked out. All their logins have ended.")
    return see_other(url_for(".person", implementation=implementation, number=number))


@blueprint.post("/people/<int:number>/enable")
@needs(Permission.GRANT_ROLES, fresh=True)
def enable(implementation: str, number: int) -> Response:
    """Let a person in again. Logins that have ended stay ended."""
    commit_to(implementation, lambda db, found: changes.enable(db, found, _of(db, found, number), by_page()))
    flash("This person can log in again.")
    return see_other(url_for(".person", implementation=implementation, number=number))


def _is_yourself(user: User, implementation: str) -> bool:
    me = signed_in().visitor
    return (me.implementation, me.subject) == (implementation, user.subject)


def _person_page(implementation: str, number: int, form: LockOutForm, status: int = HTTPStatus.OK) -> Response:
    with AuthServices.here().database.reading() as db:
        found, user = _one(db, implementation, number)
        known = _known(db, found, user)
        lock_out = LockOut.of(db, found, user)
        facts = fact_lists.of_user(db, found, user.subject) if signed_in().may(Permission.SEE_RUNS, found.slug) else []
    return page(
        "console/people/person.html",
        title=known.name or user.username or user.subject,
        implementation=found,
        crumbs=(Link("People", url_for(".people", implementation=implementation)),),
        known=known,
        lock_out=lock_out,
        facts=facts,
        locked_out=LOCKED_OUT,
        yourself=_is_yourself(user, implementation),
        form=form,
        status=status,
    )


def _one(db: DbSession, implementation: str, number: int) -> tuple[Implementation, User]:
    """Return a person of this implementation. Raises `HttpProblem` (404), also for a person of another one."""
    found = implementation_named(db, implementation)
    return found, _of(db, found, number)


def _of(db: DbSession, found: Implementation, number: int) -> User:
    user = db.get(User, number) if number < 2**63 else None
    if user is None or user.implementation_id != found.id:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "There is no such person in this implementation.")
    return user


def _known(db: DbSession, implementation: Implementation, user: User) -> PersonWithGrants:
    return PersonWithGrants(user, grants.grants_of(db, implementation, user))
