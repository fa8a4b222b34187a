"""Making and revoking author tokens."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import lock, note
from records.errors import RuleViolation
from records.scripts import author_tokens
from records.scripts.author_tokens import AuthorToken, AuthorTokenDraft
from records.tenants.implementations import Implementation

MADE = "author_token.made"
REVOKED = "author_token.revoked"


@dataclass(frozen=True)
class MadeToken:
    """A new token and its text, which is shown once and stored nowhere."""

    token: AuthorToken
    text: str = field(repr=False)


def make(
    db: Session, owner: Implementation, draft: AuthorTokenDraft, by: AuditContext, *, person: str
) -> AfterCommit[MadeToken]:
    """Make a token for a person, given by their key. Raises RuleViolation with every fault.

    1. A token makes no token: it would outlive its own end and its revocation.
    2. A person makes tokens for themselves only, because they answer for what a token submits. The command line, whose
       key has no slash, makes them for others.
    3. Everything else is checked by `records.scripts.author_tokens.make`.
    """
    # 1.
    if author_tokens.is_token(by.actor):
        raise RuleViolation("author token", "must be made by a person")
    # 2.
    if "/" in by.actor and by.actor != person:
        raise RuleViolation("person", "must be the person who makes the token")
    # 3.
    lock(db, owner)
    token, text = author_tokens.make(db, owner, draft, person=person)
    detail = {"permissions": token.permissions, "ends_at": token.ends_at.isoformat(timespec="seconds")}
    note(db, owner.slug, MADE, by, target=token.name, detail=detail | {"person": token.made_by})
    return AfterCommit(owner.slug, MadeToken(token, text), announced=False)


def revoke(db: Session, owner: Implementation, name: str, by: AuditContext) -> AfterCommit[AuthorToken]:
    """Revoke a token, for ever; it counts no more at the next request. A revoked one is no change."""
    lock(db, owner)
    token = author_tokens.by_name(db, owner, name)
    if token is None:
        raise RuleViolation("name", f"{name} is not an author token of {owner.slug}")
    if not author_tokens.revoke(db, token, by.actor):
        return unchanged(owner.slug, token)
    note(db, owner.slug, REVOKED, by, target=token.name)
    return AfterCommit(owner.slug, token, announced=False)
