"""Archiving, restoring and removing an implementation: the one rule for every edge that offers it.

An archived implementation is kept with everything, and served to nobody: apps and login pages answer as if there were
none, no script runs for it. Removing takes everything of it but its audit entries, which only name it.

The order of a removal, in the caller's one transaction:

1. It is not the staff's, and it is archived: what somebody still uses is never removed.
2. The person named it, by the slug in full.
3. What goes is counted, for the preview and for the audit entry.
4. All rows go with the implementation's own: the tables say so (ON DELETE CASCADE), and it is looked at.
5. The audit entry, last.

After the commit the edge announces the slug, ends the logins and drops the cached statuses (`runner.status.implementation_retirement`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from records import audit
from records.columns import Base, utc_now
from records.errors import RuleViolation
from records.people.users import User
from records.storage import environment_mark
from records.tenants.implementations import STAFF, Implementation

from . import development_stand_ins

#: What people call the rows of each table that belongs to an implementation. A test holds it complete.
CALLED = {
    "users": ("user", "users"),
    "sessions": ("session of the agenda", "sessions of the agenda"),
    "agenda_uploads": ("agenda file that is not imported yet", "agenda files that are not imported yet"),
    "agenda_imports": ("import of the agenda, with what undoes it", "imports of the agenda, with what undoes them"),
    "connections": ("connection with its secret", "connections with their secrets"),
    "scripts": ("script", "scripts"),
    "versions": ("script version", "script versions"),
    "version_codes": ("compiled version", "compiled versions"),
    "activations": ("version in service", "versions in service"),
    "runs": ("run with its trace", "runs with their traces"),
    "grants": ("role given", "roles given"),
    "saml_providers": ("identity provider", "identity providers"),
    "saml_certificates": ("certificate of the identity provider", "certificates of the identity provider"),
    "saml_sp_keys": ("pair of our own SAML keys", "pairs of our own SAML keys"),
    "external_logins": ("External Authentication with its secret", "External Authentications with their secrets"),
    "administrator_links": ("one-time link of an administrator", "one-time links of administrators"),
}


@dataclass(frozen=True)
class AuditContext:
    """Who decided, and why: what the audit entry says. `detail` is what else the edge knows of it."""

    actor: str
    reason: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class AfterCommit:
    """What the edge does after the commit: tell everybody about the slug, and end the logins of these subjects."""

    slug: str
    subjects: tuple[str, ...]


def archive(db: Session, owner: Implementation, by: AuditContext) -> AfterCommit:
    """Take an implementation out of use, with everything kept. Raises RuleViolation for the staff's, and for an archived one."""
    _lock(db, owner)
    if owner.archived_at is not None:
        raise RuleViolation("implementation", f"{owner.slug} is archived already")
    owner.archived_at = utc_now()
    db.flush()
    _note(db, owner.slug, "implementation.archived", by)
    return AfterCommit(owner.slug, _subjects(db, owner))


def restore(db: Session, owner: Implementation, by: AuditContext, *, environment: str) -> AfterCommit:
    """Serve an archived implementation again. Logins from before stay ended.

    Raises RuleViolation for one that is not archived, and in production for one that holds stand-ins of development: running
    processes would serve it without having been started with it.
    """
    _lock(db, owner)
    if owner.archived_at is None:
        raise RuleViolation("implementation", f"{owner.slug} is not archived")
    found = development_stand_ins.of_implementation(db, owner) if environment == environment_mark.PRODUCTION else []
    if found:
        what = "; ".join(f"{' '.join(filter(None, (one.kind, one.name)))} {one.fault}" for one in found)
        raise RuleViolation("implementation", f"{owner.slug} holds stand-ins of development: {what}")
    owner.archived_at = None
    db.flush()
    _note(db, owner.slug, "implementation.restored", by)
    return AfterCommit(owner.slug, _subjects(db, owner))


def preview(db: Session, owner: Implementation) -> dict[str, int]:
    """Count what a removal would take, by what people call it; what there is none of is left out."""
    counts = {name: _count(db, name, owner.id) for name in CALLED}
    return {CALLED[name][count != 1]: count for name, count in counts.items() if count}


def remove(db: Session, owner: Implementation, by: AuditContext, *, typed: str) -> AfterCommit:
    """Remove an archived implementation with everything that belongs to it, for ever. `typed`: the slug, in full."""
    # 1.
    _lock(db, owner)
    if owner.archived_at is None:
        raise RuleViolation("implementation", f"{owner.slug} is in use: archive it first")
    # 2.
    if typed != owner.slug:
        raise RuleViolation("slug", f"must be typed in full: {owner.slug}")
    # 3.
    gone = preview(db, owner)
    retired, row = AfterCommit(owner.slug, _subjects(db, owner)), owner.id
    # 4.
    db.expunge(owner)
    db.execute(delete(Implementation).where(Implementation.id == row).execution_options(synchronize_session=False))
    left = [name for name in CALLED if _count(db, name, row)]
    if left:
        raise RuleViolation("implementation", f"rows are left in {', '.join(left)}: nothing was removed")
    # 5.
    _note(db, retired.slug, "implementation.removed", by, gone=gone)
    return retired


def _lock(db: Session, owner: Implementation) -> None:
    """Let nobody else change its state meanwhile, and read it again. Raises RuleViolation for the staff's and a removed one."""
    if owner.slug == STAFF:
        raise RuleViolation("implementation", "staff is where reviewers and administrators log in: it stays")
    found = db.scalar(
        select(Implementation)
        .where(Implementation.id == owner.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise RuleViolation("implementation", "was removed meanwhile")


def _note(db: Session, slug: str, action: str, by: AuditContext, **more: Any) -> None:
    detail = {**more, **by.detail}
    audit.append(db, actor=by.actor, action=action, target=slug, implementation=slug, reason=by.reason, detail=detail)


def _subjects(db: Session, owner: Implementation) -> tuple[str, ...]:
    return tuple(db.scalars(select(User.subject).where(User.implementation_id == owner.id)))


def _count(db: Session, name: str, implementation_id: int) -> int:
    table = Base.metadata.tables[name]
    mine = select(func.count()).select_from(table).where(table.c.implementation_id == implementation_id)
    return db.scalar(mine) or 0
