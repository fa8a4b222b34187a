"""What an operator does to the whole service or to a store, noted in the records without an implementation.

A store is changed between the audit entry and the commit, so that nothing is done that cannot be noted.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.errors import RuleViolation
from records.maintenance import resealing
from records.people import actors
from records.people.users import User
from records.secretbox import SecretBox
from records.storage import environment_mark
from records.tenants.implementations import Implementation

from .after_commit import AfterCommit
from .entries import lock, note

#: The slug of what belongs to no implementation.
NONE = ""


def reseal(db: Session, box: SecretBox, by: AuditContext) -> AfterCommit[int]:
    """Seal all secrets again with the newest key; the value is how many."""
    count = resealing.reseal_all(db, box)
    note(db, NONE, "secrets.resealed", by, detail={"secrets": count})
    return AfterCommit(NONE, count, announced=False)


def mark_database(db: Session, environment: str, by: AuditContext) -> AfterCommit[None]:
    """Mark the database for an environment."""
    before = environment_mark.change(db, environment)
    note(db, NONE, "database.marked", by, target=environment, detail={"was": before})
    return AfterCommit(NONE, None, announced=False)


def store_marked(db: Session, environment: str, by: AuditContext, *, was: str | None) -> AfterCommit[None]:
    """Note that the store is marked for an environment."""
    note(db, NONE, "store.marked", by, target=environment, detail={"was": was})
    return AfterCommit(NONE, None, announced=False)


def store_emptied(db: Session, environment: str, by: AuditContext, *, keys: int, workers: int) -> AfterCommit[None]:
    """Note that the store is emptied."""
    note(db, NONE, "store.emptied", by, target=environment, detail={"keys": keys, "workers": workers})
    return AfterCommit(NONE, None, announced=False)


def issue_token(db: Session, owner: Implementation, user: User, by: AuditContext) -> AfterCommit[str]:
    """Note that a token is issued for a person without a login; the value is their name.

    Raises RuleViolation for a person who is locked out.
    """
    lock(db, owner)
    if user.disabled_at is not None:
        raise RuleViolation(
            "user", f"{user.subject} is locked out of {owner.slug}. Let them in again in the console, under People."
        )
    note(db, owner.slug, "token.issued", by, target=user.subject)
    return AfterCommit(owner.slug, actors.name_of(user), announced=False)
