"""The grants of an implementation: the list, granting a role to several names at once, and revoking one grant.

Each change has two addresses, because two permissions allow it: one for scanners, one for every role. Both require
a fresh login. `roles_to_grant` decides again, from the permissions, which roles a person may grant.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, flash, url_for

from records import DbSession, Grant, Implementation, RuleViolation
from records import roles as role_table
from records.changes import grants as changes
from records.changes.after_commit import AfterCommit
from records.changes.grants import GrantDraft, whom
from records.identity import ineffective_grants
from records.people import actors, grants
from records.roles import SCANNER
from records.tenants import implementations
from web.auth.services import AuthServices
from web.auth.staff.staff_member import StaffMember
from web.console.commits import by_page, commit_to
from web.console.layout.list_query import Listing
from web.console.layout.page_frame import Link, implementation_named, page, signed_in
from web.console.people.forms import MOST_NAMES, GrantForm
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
    """Show the grants, and the form for a new one to people who may grant a role."""
    return _page(implementation, GrantForm(formdata=None))


@blueprint.post("/scanners")
@needs(Permission.GRANT_SCANNING, fresh=True)
def grant_scanning(implementation: str) -> Response:
    """Grant the role of scanner."""
    return _grant(implementation, (SCANNER,))


@blueprint.post("/all")
@needs(Permission.GRANT_ROLES, fresh=True)
def grant_roles(implementation: str) -> Response:
    """Grant any role."""
    return _grant(implementation, None)


@blueprint.get("/<int:number>/remove")
@needs(Permission.GRANT_SCANNING, fresh=True)
def ask_to_remove(implementation: str, number: int) -> Response:
    """Say what revoking this grant will do to whom, and ask once."""
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        grant = _one(db, found, number)
        affected = len(changes.named(db, found, grant))
    return page(
        "console/people/remove.html",
        title="Revoke a role",
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
    """Revoke the role of scanner."""
    return _remove(implementation, number, (SCANNER,))


@blueprint.post("/all/<int:number>/remove")
@needs(Permission.GRANT_ROLES, fresh=True)
def remove_roles(implementation: str, number: int) -> Response:
    """Revoke any role."""
    return _remove(implementation, number, None)


def roles_to_grant(person: StaffMember, implementation: Implementation) -> tuple[str, ...]:
    """Return the roles that a person may grant and revoke in an implementation."""
    held = {permission for permission in Permission if person.may(permission, implementation.slug)}
    return role_table.to_give(held, staff=implementation.slug == implementations.STAFF)


def _grant(implementation: str, only: tuple[str, ...] | None) -> Response:
    form = GrantForm()
    lines = form.lines
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        form.offer(roles_to_grant(signed_in(), found))
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
    ineffective = methods.why_ineffective(form.kind.data, form.role.data)
    granted = f"The role {form.role.data} {'was' if made else 'was already'} granted to: {_first_few(lines)}."
    flash(f"{granted} It has no effect yet. {ineffective}" if ineffective else f"{granted} It applies from now on.")
    return see_other(url_for(".roles", implementation=implementation))


def _is_sound(form: GrantForm, only: tuple[str, ...] | None, found: Implementation) -> bool:
    """Say whether the form may be acted on; else say in it what is wrong."""
    if not form.validate():
        return False
    allowed = only or roles_to_grant(signed_in(), found)
    if form.role.data not in allowed:
        form.complain("role", f"must be {' or '.join(allowed)} here")
    if not form.lines:
        form.complain("values", "are missing")
    if len(form.lines) > MOST_NAMES:
        form.complain("values", f"must be at most {MOST_NAMES} at once; these are {len(form.lines)}")
    return not form.complaints


def _draft(form: GrantForm, value: str) -> GrantDraft:
    name = (form.name.data or "").strip() if form.kind.data == "attribute" else ""
    return GrantDraft(form.role.data, form.kind.data, value, name)


def _remove(implementation: str, number: int, only: tuple[str, ...] | None) -> Response:
    def change(db: DbSession, found: Implementation) -> AfterCommit[Grant]:
        if _one(db, found, number).role not in (only or roles_to_grant(signed_in(), found)):
            raise HttpProblem(HTTPStatus.FORBIDDEN, "Your roles do not allow you to revoke this role.")
        return changes.remove(db, found, number, by_page())

    grant = commit_to(implementation, change).value
    flash(f"The role {grant.role} was revoked from {whom(grant)[:120]}.")
    return see_other(url_for(".roles", implementation=implementation))


def _page(implementation: str, form: GrantForm, status: int = HTTPStatus.OK) -> Response:
    person = signed_in()
    with AuthServices.here().database.reading() as db:
        found = implementation_named(db, implementation)
        every = grants.every(db, found)
        people = actors.by_keys(db, {each.created_by for each in every})
        reach = ineffective_grants.login_methods_of(db, found)
    mine = roles_to_grant(person, found)
    form.offer(mine)
    listing = Listing.of_request(COLUMNS, "role")
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
    """Return where a change is sent: the address for the smaller permission if that is enough."""
    least = role == SCANNER and not signed_in().may(Permission.GRANT_ROLES, implementation)
    view = f".{act}_{'scanning' if least else 'roles'}"
    return url_for(view, implementation=implementation, number=number)


def _one(db: DbSession, found: Implementation, number: int) -> Grant:
    grant = grants.find(db, found, number) if number < 2**63 else None
    if grant is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "This grant no longer exists.")
    return grant


def _first_few(lines: list[str]) -> str:
    """Name the first few lines and the number of the others, for a short notice."""
    few = ", ".join(line[:40] for line in lines[:3])
    return few if len(lines) <= 3 else f"{few} and {len(lines) - 3} more"  # as many as are named
