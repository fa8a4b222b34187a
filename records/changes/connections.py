"""Vendor connections: adding, changing and removing them. Audit entries never contain a secret, only that one was given."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from sqlalchemy.orm import Session

from records.audit import AuditContext
from records.errors import RuleViolation
from records.secretbox import SecretBox
from records.tenants import connections
from records.tenants.connections import Connection, ConnectionDraft
from records.tenants.implementations import Implementation

from .after_commit import AfterCommit, unchanged
from .entries import begin, differences, note, refuse_development

SAVED = "connection.saved"
REMOVED = "connection.removed"
TRIED = "connection.tried"
BREAKER_CLOSED = "connection.breaker_closed"
#: Characters of a path in the audit entry of a test.
_PATH = 200


def add(  # noqa: PLR0913 - what a connection is made of
    db: Session, box: SecretBox, owner: Implementation, draft: ConnectionDraft, by: AuditContext, *, environment: str
) -> AfterCommit[Connection]:
    """Add a connection. Raises RuleViolation with every fault, also if the name is taken."""
    begin(db, owner, by, SAVED, draft.name)
    refuse_taken(db, owner, draft.name)
    return _save(db, box, owner, draft, by, environment=environment)


def change(  # noqa: PLR0913 - what a connection is made of
    db: Session, box: SecretBox, owner: Implementation, draft: ConnectionDraft, by: AuditContext, *, environment: str
) -> AfterCommit[Connection]:
    """Change the connection of this name; its secret stays if none is given. Raises RuleViolation with every fault."""
    begin(db, owner, by, SAVED, draft.name)
    _present(db, owner, draft.name)
    return _save(db, box, owner, draft, by, environment=environment)


def remove(db: Session, owner: Implementation, name: str, by: AuditContext) -> AfterCommit[None]:
    """Remove a connection and its secret. Raises RuleViolation if there is none of this name."""
    begin(db, owner, by, REMOVED, name)
    connections.delete(db, _present(db, owner, name))
    note(db, owner.slug, REMOVED, by, target=name)
    return AfterCommit(owner.slug, None)


def tried(db: Session, owner: Implementation, name: str, path: str, by: AuditContext) -> AfterCommit[None]:
    """Note that a connection is tested with this path. The query is left out, because people may put a key into it."""
    _present(db, owner, name)
    note(db, owner.slug, TRIED, by, target=name, detail={"path": path.partition("?")[0][:_PATH]})
    return AfterCommit(owner.slug, None, announced=False)


def breaker_closed(db: Session, owner: Implementation, name: str, by: AuditContext) -> AfterCommit[None]:
    """Note that a vendor which failed is called again at once. Raises RuleViolation if there is no such connection."""
    _present(db, owner, name)
    note(db, owner.slug, BREAKER_CLOSED, by, target=name)
    return AfterCommit(owner.slug, None, announced=False)


def refuse_taken(db: Session, owner: Implementation, name: str) -> None:
    """Raise RuleViolation if no new connection can have this name."""
    if name in connections.RESERVED:
        raise RuleViolation("name", "is taken by the page for new connections")
    if connections.find(db, owner, name):
        raise RuleViolation("name", "is taken by another connection")


def described(connection: Connection | None) -> dict[str, Any]:
    """Return everything about a connection but its name and its secret; without a connection, each value is None."""
    names = [each.name for each in fields(ConnectionDraft) if each.name not in ("name", "secret")]
    return {name: getattr(connection, name, None) for name in names}


def _save(  # noqa: PLR0913 - what a connection is made of
    db: Session, box: SecretBox, owner: Implementation, draft: ConnectionDraft, by: AuditContext, *, environment: str
) -> AfterCommit[Connection]:
    refuse_development(environment, wanted=draft.development)
    before = described(connections.find(db, owner, draft.name))
    saved = connections.save(db, box, owner, draft)
    detail = differences(before, {**described(saved), "secret": draft.secret})
    if not detail:
        return unchanged(owner.slug, saved)
    note(db, owner.slug, SAVED, by, target=saved.name, detail=detail)
    return AfterCommit(owner.slug, saved)


def _present(db: Session, owner: Implementation, name: str) -> Connection:
    found = connections.find(db, owner, name)
    if found is None:
        raise RuleViolation("name", "is not that of a connection: it may have been removed")
    return found
