"""Changes of facts by a person: the secrets with which vendors sign, and forgetting what is known about somebody."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.errors import RuleViolation
from records.facts import fact_storage, hook_secrets
from records.facts.fact_tables import WHOLE_EVENT, HookSecret
from records.people.users import User
from records.secretbox import SecretBox
from records.tenants.implementations import Implementation

from .after_commit import AfterCommit, unchanged
from .entries import lock, note

MADE, REVOKED, FORGOTTEN = "facts.secret_made", "facts.secret_revoked", "facts.forgotten"


@dataclass(frozen=True)
class MadeHookSecret:
    """A new secret, and its text, which is shown once and stored nowhere readable."""

    secret: HookSecret
    text: str = field(repr=False)


def make_secret(db: Session, box: SecretBox, owner: Implementation, by: AuditContext) -> AfterCommit[MadeHookSecret]:
    """Make a secret; those before end a day later. Raises RuleViolation if too many are valid."""
    lock(db, owner)
    secret, text = hook_secrets.make(db, box, owner)
    note(db, owner.slug, MADE, by, target=str(secret.id))
    return AfterCommit(owner.slug, MadeHookSecret(secret, text), announced=False)


def revoke_secret(db: Session, owner: Implementation, number: int, by: AuditContext) -> AfterCommit[HookSecret]:
    """End a secret now. Raises RuleViolation for a number that the implementation does not have."""
    lock(db, owner)
    secret = hook_secrets.find(db, owner, number)
    if secret is None:
        raise RuleViolation("secret", "is not one of this implementation")
    if not hook_secrets.revoke(db, secret):
        return unchanged(owner.slug, secret)
    note(db, owner.slug, REVOKED, by, target=str(secret.id))
    return AfterCommit(owner.slug, secret, announced=False)


def forget(db: Session, owner: Implementation, user: User, by: AuditContext) -> AfterCommit[int]:
    """Delete all facts about a person; the value is how many. What a vendor pushes afterwards is stored again."""
    lock(db, owner)
    count = fact_storage.forget(db, owner, user.subject)
    if not count:
        return unchanged(owner.slug, 0)
    note(db, owner.slug, FORGOTTEN, by, target=user.subject, detail={"facts": count})
    return AfterCommit(owner.slug, count, announced=False, outdated=((user.subject, WHOLE_EVENT),))
