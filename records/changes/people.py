"""Describing people, locking them out, and one-time links for administrators."""

from __future__ import annotations

from dataclasses import fields

from sqlalchemy.orm import Session

from records import audit
from records.audit import AuditContext
from records.errors import RuleViolation
from records.people import administrators, users
from records.people.users import User, UserProfile
from records.tenants.implementations import STAFF, Implementation

from .after_commit import AfterCommit, unchanged
from .entries import lock, note

DESCRIBED = "user.described"
TYPE_CHANGED = "user.type_changed"
DISABLED = "user.disabled"
ENABLED = "user.enabled"
LINK_MADE = "administrator.link"
LINK_USED = "administrator.link.used"
#: The field of a refusal to lock oneself out.
YOURSELF = "yourself"


def describe(
    db: Session, owner: Implementation, subject: str, profile: UserProfile, by: AuditContext
) -> AfterCommit[User]:
    """Describe a person without a login. The entry contains the subject and nothing else about the person."""
    lock(db, owner)
    known = users.find(db, owner, subject) if "\0" not in subject else None
    before = known and _profile(known)
    with db.begin_nested() as attempt:
        user = users.remember(db, owner, subject, profile)
        if _profile(user) == before:
            attempt.rollback()
            return unchanged(owner.slug, user)
    note(db, owner.slug, DESCRIBED, by, target=user.subject)
    return AfterCommit(owner.slug, user)


def describe_at_login(
    db: Session, owner: Implementation, subject: str, profile: UserProfile, *, provider: str
) -> AfterCommit[User]:
    """Store a person as their provider describes them at a login, as `records.people.users.remember` does, and raise as it does.

    An entry is written only if that changes their user type: it decides what they are shown, and may give a role. No
    process is told, because none keeps a user type for more than some seconds.
    """
    known = users.find(db, owner, subject) if "\0" not in subject else None
    before = known.user_type if known else None
    user = users.remember(db, owner, subject, profile, provider=provider)
    if before is None or before == user.user_type:
        return unchanged(owner.slug, user)
    detail = {"user_type": [before, user.user_type], "provider": provider}
    note(db, owner.slug, TYPE_CHANGED, AuditContext(""), target=user.subject, detail=detail)
    return AfterCommit(owner.slug, user, announced=False)


def disable(db: Session, owner: Implementation, user: User, by: AuditContext) -> AfterCommit[None]:
    """Lock a person out: they have no role, cannot log in, and their logins end. The reason is that of the context.

    The logins also end before the commit, so that a person is only called locked out if the store has ended their logins.
    """
    if by.actor == audit.person(owner.slug, user.subject):
        raise RuleViolation(YOURSELF, "You cannot lock yourself out. Ask another administrator to do it.")
    lock(db, owner)
    before = (user.disabled_at, user.disabled_reason)
    users.disable(db, user, by.reason)
    made = before != (user.disabled_at, user.disabled_reason)
    if made:
        context = AuditContext(by.actor, user.disabled_reason, by.detail)
        note(db, owner.slug, DISABLED, context, target=user.subject)
    return AfterCommit(owner.slug, None, made=made, announced=False, subjects=(user.subject,), ends_first=True)


def enable(db: Session, owner: Implementation, user: User, by: AuditContext) -> AfterCommit[None]:
    """Let a person in again. Logins that have ended stay ended."""
    lock(db, owner)
    if user.disabled_at is None:
        return unchanged(owner.slug, None)
    users.enable(db, user)
    note(db, owner.slug, ENABLED, by, target=user.subject)
    return AfterCommit(owner.slug, None, announced=False)


def make_administrator_link(db: Session, by: AuditContext) -> AfterCommit[str]:
    """Make a one-time link; the value is its token. Earlier links that were not used become invalid."""
    token = administrators.new_link(db)
    note(db, STAFF, LINK_MADE, by)
    return AfterCommit(STAFF, token, announced=False)


def use_administrator_link(db: Session, token: str) -> AfterCommit[bool]:
    """Use up a one-time link; the value is True for exactly one caller, and only before the link expires."""
    if not administrators.use_link(db, token):
        return unchanged(STAFF, value=False)
    note(db, STAFF, LINK_USED, AuditContext(administrators.SUBJECT), target=administrators.SUBJECT)
    return AfterCommit(STAFF, value=True, announced=False)


def _profile(user: User) -> UserProfile:
    return UserProfile(**{each.name: getattr(user, each.name) for each in fields(UserProfile)})
