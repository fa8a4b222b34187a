"""The grants of an implementation: which role by which rule, several at once, and one taken away.

Two addresses for each change, because two permissions may make it: one for scanners, one for every role. Both ask for
a fresh login. What either may give is decided in `grant_words.roles_to_give`, from the permission again.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, flash, url_for

from records import DbSession, Grant, Implementation, RuleViolation
from records.changes import grants as changes
from records.changes.after_commit import AfterCommit
from records.changes.grants import GrantDraft, whom
from records.identity import ineffective_grants
from records.people import actors, grants
from records.roles import SCANNER
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to
from web.console.layout.list_query import Listing
from web.console.layout.page_frame import Link, implementation_named, page, signed_in
from web.console.people.forms import MOST_NAMES, GrantForm
from web.console.people.grant_words import roles_to_give
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other

blueprint = Blueprint("console_roles", __name__, url_prefix="/console/implementations/<implementation>/roles")

#: Columns of the list by which it can be sorted.
COLUMNS = {
    "role": lambda each: (each.role, each.kind, each.compared),
    "to": lambda each: (each.kind, each.name, each.compared),
    "by": lambda each: each.created_by,
    "since": lambda each: each.created_at,
}


@blueprint.get("")
@needs(Permission.SEE_PEOPLE)
def roles(implementation: str) -> Response:
    """Show the grants, and the form for more to whoever may give some."""
    return _page(implementation, GrantForm(formdata=None))


@blueprint.post("/scanners")
@needs(Permission.GRANT_SCANNING, fresh=True)
def grant_scanning(implementation: str) -> Response:
    """Name scanners."""
    return _grant(implementation, (SCANNER,))


@blueprint.post("/all")
@needs(Permission.GRANT_ROLES, fresh=True)
def grant_roles(implementation: str) -> Response:
    """Give any role."""
    return _grant(implementation, None)


@blueprint.get("/<int:number>/remove")
@needs(Permission.GRANT_SCANNING, fresh=True)
def ask_to_remove(implementation: str, number: int) -> Response:
    """Say what taking this grant away will do to whom, and ask once."""
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        grant = _one(db, found, number)
        affected = len(changes.named(db, found, grant))
    return page(
        "console/people/remove.html",
        title="Take a role away",
        implementation=found,
        crumbs=(Link("Roles", url_for(".roles", implementation=implementation)),),
        grant=grant,
        whom=whom(grant),
        affected=affected,
        address=_address("remove", grant.role, implementation, number),
    )


@blueprint.post("/scanners/<int:number>/remove")
@needs(Permission.GRANT_SCANNING, fresh=True)
def remove_scanning(implementation: str, number: int) -> Response:
    """Take the role of scanner away."""
    return _remove(implementation, number, (SCANNER,))


@blueprint.post("/all/<int:number>/remove")
@needs(Permission.GRANT_ROLES, fresh=True)
def remove_roles(implementation: str, number: int) -> Response:
    """Take any role away."""
    return _remove(implementation, number, None)


def _grant(implementation: str, only: tuple[str, ...] | None) -> Response:
    form = GrantForm()
    lines = form.lines
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        form.offer(roles_to_give(signed_in(), found))
        sound = _is_sound(form, only, found)
        methods = ineffective_grants.login_methods_of(db, found)
    made = False
    try:
        if sound:
            drafts = [_draft(form, value) for value in lines]
            made = commit_to(implementation, lambda db, found: changes.add(db, found, drafts, by_page())).made
    except RuleViolation as refused:
        form.refuse(refused)
    if not sound or form.complaints:
        return _page(implementation, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    in_vain = methods.why_ineffective(form.kind.data, form.role.data)
    given = f"The role {form.role.data} {'was' if made else 'had been'} given to: {_shortly(lines)}."
    flash(f"{given} It counts for nobody yet. {in_vain}" if in_vain else f"{given} It counts from now on.")
    return see_other(url_for(".roles", implementation=implementation))


def _is_sound(form: GrantForm, only: tuple[str, ...] | None, found: Implementation) -> bool:
    """Say whether the form may be acted on; else say in it what is wrong."""
    if not form.validate():
        return False
    allowed = only or roles_to_give(signed_in(), found)
    if form.role.data not in allowed:
        form.complain("role", f"can only be {' or '.join(allowed)} here")
    if not form.lines:
        form.complain("values", "are missing")
    if len(form.lines) > MOST_NAMES:
        form.complain("values", f"are at most {MOST_NAMES} at once; these are {len(form.lines)}")
    return not form.complaints


def _draft(form: GrantForm, value: str) -> GrantDraft:
    name = (form.name.data or "").strip() if form.kind.data == "attribute" else ""
    return GrantDraft(form.role.data, form.kind.data, value, name)


def _remove(implementation: str, number: int, only: tuple[str, ...] | None) -> Response:
    def change(db: DbSession, found: Implementation) -> AfterCommit[Grant]:
        if _one(db, found, number).role not in (only or roles_to_give(signed_in(), found)):
            raise HttpProblem(HTTPStatus.FORBIDDEN, "Your roles do not allow you to take this role away.")
        return changes.remove(db, found, number, by_page())

    grant = commit_to(implementation, change).value
    flash(f"The role {grant.role} was taken away from {whom(grant)[:120]}.")
    return see_other(url_for(".roles", implementation=implementation))


def _page(implementation: str, form: GrantForm, status: int = HTTPStatus.OK) -> Response:
    person = signed_in()
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        every = grants.every(db, found)
        people = actors.by_keys(db, {each.created_by for each in every})
        reach = ineffective_grants.login_methods_of(db, found)
    mine = roles_to_give(person, found)
    form.offer(mine)
    listing = Listing.asked(COLUMNS, "role")
    return page(
        "console/people/roles.html",
        title="Roles",
        implementation=found,
        grants=listing.sorted(every, COLUMNS),
        listing=listing,
        people=people,
        in_vain=reach.why_ineffective,
        form=form,
        mine=mine,
        address=_address("grant", "" if person.may(Permission.GRANT_ROLES, found.slug) else SCANNER, implementation),
        whom=whom,
        status=status,
    )


def _address(act: str, role: str, implementation: str, number: int | None = None) -> str:
    """Return where a change is sent: to the address of whoever may make it with the least."""
    least = role == SCANNER and not signed_in().may(Permission.GRANT_ROLES, implementation)
    view = f".{act}_{'scanning' if least else 'roles'}"
    return url_for(view, implementation=implementation, number=number)


def _one(db: DbSession, found: Implementation, number: int) -> Grant:
    grant = grants.find(db, found, number) if number < 2**63 else None
    if grant is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "This grant is not there any more.")
    return grant


def _shortly(lines: list[str]) -> str:
    """Name a few, and how many more: a notice is short."""
    few = ", ".join(line[:40] for line in lines[:3])
    return few if len(lines) <= 3 else f"{few} and {len(lines) - 3} more"  # as many as are named
