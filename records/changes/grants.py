"""Giving and revoking roles.

Roles are computed for each request, so a change takes effect at once. Only who may scan is known to processes for some
seconds, because it decides what sessions show, so a change of that is announced. When a grant by username is
revoked, the logins of that person end, because a device may still show what the role allowed. A rule for many people ends
no logins: that would log out a whole conference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.errors import FieldFault, RuleViolation
from records.people import grants, users
from records.people.grants import Grant
from records.roles import SCANNER
from records.tenants.implementations import Implementation

from .after_commit import AfterCommit, unchanged
from .entries import lock, note

ADDED = "grant.added"
REMOVED = "grant.removed"
#: Characters of a value that a refusal quotes.
_REPEATED = 60


@dataclass(frozen=True)
class GrantDraft:
    """A grant as a person enters it."""

    role: str
    kind: str
    value: str
    name: str = ""  #: of the attribute


def add(
    db: Session, owner: Implementation, drafts: Sequence[GrantDraft], by: AuditContext
) -> AfterCommit[tuple[Grant, ...]]:
    """Give roles: all of them or, with a RuleViolation, none. A grant that exists already is not a change."""
    lock(db, owner)
    known = {each.id for each in grants.every(db, owner)}
    found = tuple(_added(db, owner, draft, by) for draft in drafts)
    new = {each.id: each for each in found if each.id not in known}
    for grant in new.values():
        note(db, owner.slug, ADDED, by, target=whom(grant), detail=detail_of(grant))
    announced = any(each.role == SCANNER for each in new.values())
    return AfterCommit(owner.slug, found, announced=announced) if new else unchanged(owner.slug, found)


def remove(db: Session, owner: Implementation, number: int, by: AuditContext) -> AfterCommit[Grant]:
    """Revoke a grant. Raises RuleViolation if the implementation has none with this number."""
    lock(db, owner)
    grant = grants.find(db, owner, number)
    subjects = named(db, owner, grant) if grant else ()
    removed = grants.remove(db, owner, number)
    note(db, owner.slug, REMOVED, by, target=whom(removed), detail=detail_of(removed))
    return AfterCommit(owner.slug, removed, announced=removed.role == SCANNER, subjects=subjects)


def named(db: Session, owner: Implementation, grant: Grant) -> tuple[str, ...]:
    """Return the subjects of the people whom a grant by username names."""
    if grant.kind != "username":
        return ()
    return tuple(each.subject for each in users.with_username(db, owner, grant.value))


def whom(grant: Grant) -> str:
    """Say whom a grant is about."""
    if grant.kind == "attribute":
        return f"people whose attribute “{grant.name}” is “{grant.value}”"
    return f"people of the user type “{grant.value}”" if grant.kind == "user type" else f"the username “{grant.value}”"


def detail_of(grant: Grant) -> dict[str, str]:
    """Return what an audit entry shows of a grant."""
    values = {name: getattr(grant, name) for name in ("role", "kind", "name", "value")}
    return {name: value for name, value in values.items() if value}


def _added(db: Session, owner: Implementation, draft: GrantDraft, by: AuditContext) -> Grant:
    try:
        return grants.add(db, owner, **vars(draft), by=by.actor)
    except RuleViolation as refused:
        # One of several may be wrong: say which.
        faults = [_repeating(fault, draft) if fault.field == "value" else fault for fault in refused.faults]
        raise RuleViolation(faults[0].field, faults[0].reason, more=faults[1:]) from None


def _repeating(fault: FieldFault, draft: GrantDraft) -> FieldFault:
    return FieldFault("value", f"“{draft.value[:_REPEATED]}” {fault.reason}")
