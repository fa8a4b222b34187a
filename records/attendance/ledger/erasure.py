"""Erasing the names of a badge: they go with their random numbers, the chain stays, and a row says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import CursorResult, delete, select
from sqlalchemy.orm import Session

from records.audit import AuditEntry
from records.columns import utc_now
from records.tenants import implementations
from records.tenants.implementations import Implementation

from . import chain
from .chain import EntryDraft
from .tables import EntryKind, LedgerEntry, ScanNames

#: The action of the audit entries.
ERASED: Final = "attendance.names_erased"


def erased_badges(db: Session, owner: Implementation) -> frozenset[str]:
    """Return the badges whose names were erased since the implementation was made, also those that were never scanned."""
    rows = select(AuditEntry.target, AuditEntry.at)
    rows = rows.where(AuditEntry.implementation == owner.slug, AuditEntry.action == ERASED)
    return frozenset(badge for badge, at in db.execute(rows) if implementations.existed_at(owner, at))


def erase(db: Session, owner: Implementation, badge: str, *, actor: str, reason: str) -> int:
    """Delete all names of a normalised badge ID, and return how many rows had some. Without any, nothing is written."""
    return erase_all(db, owner, [badge], actor=actor, reason=reason)


def erase_all(db: Session, owner: Implementation, badges: Sequence[str], *, actor: str, reason: str) -> int:
    """Delete all names of these badge IDs, with a row for each, and return how many rows had some, as `erase` does."""
    head = chain.lock(db, owner)
    mine = select(LedgerEntry.number).where(LedgerEntry.implementation_id == owner.id)
    numbers = mine.where(LedgerEntry.badge_id.in_(badges))
    theirs = delete(ScanNames).where(ScanNames.implementation_id == owner.id, ScanNames.number.in_(numbers))
    done: CursorResult[Any] = db.execute(theirs)  # type: ignore[assignment]  # of a DELETE
    if done.rowcount:
        chain.append(db, head, [(_record(badge, actor, reason), None) for badge in badges])
    return done.rowcount


def _record(badge: str, actor: str, reason: str) -> EntryDraft:
    now = utc_now()
    return EntryDraft(
        kind=EntryKind.ERASED,
        scan_id="",
        session_id="",
        badge_id=badge,
        scanned_at=now,
        corrected_at=now,
        received_at=now,
        actor=actor,
        reason=reason,
    )
