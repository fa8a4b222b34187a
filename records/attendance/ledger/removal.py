"""Removing the first rows of a ledger, for an implementation that keeps its scans no longer.

The head says how many rows are removed, and an audit entry says so too, with the hash of the last of them, from which the
rest goes on. So what is left still verifies, and rows that went without being on record are missed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import CursorResult, delete, func, or_, select
from sqlalchemy.orm import Session

from records.audit import AuditEntry, ChainHead
from records.columns import utc_now
from records.tenants import implementations
from records.tenants.implementations import Implementation

from . import chain
from .chain import EntryDraft
from .tables import EntryKind, LedgerEntry, LedgerHead

SCANS: Final = (EntryKind.SCAN, EntryKind.ADDED)
#: The action of the audit entry; its detail has `entries` and `hash`.
REMOVED: Final = "attendance.scans_removed"


def last_before(db: Session, owner: Implementation, before: datetime) -> int:
    """Return the number of the last row before the first that arrived at a moment or later; 0 if no scan is among those."""
    mine = LedgerEntry.implementation_id == owner.id
    first_later = select(func.min(LedgerEntry.number)).where(mine, LedgerEntry.received_at >= before).scalar_subquery()
    earlier = or_(first_later.is_(None), LedgerEntry.number < first_later)
    found = select(func.max(LedgerEntry.number), func.count().filter(LedgerEntry.kind.in_(SCANS))).where(mine, earlier)
    last, scans = db.execute(found).one()
    return last if scans else 0


def mark(db: Session, owner: Implementation, last: int, *, actor: str, reason: str) -> ChainHead:
    """Mark all rows up to one as removed, and return its number and hash for the audit entry. It must be there.

    The last row of a ledger stays for the next one to follow, so a row is appended if there is none behind.
    """
    head = chain.lock(db, owner)
    row = db.get_one(LedgerEntry, (owner.id, last))
    if last == head.entries:
        chain.append(db, head, [(_record(actor, reason), None)])
    head.removed = last
    db.flush()
    return ChainHead(last, row.hash)


def delete_marked(db: Session, owner: Implementation, *, at_most: int) -> int:
    """Delete rows that are marked as removed, with their names, the oldest first; return how many."""
    last = db.scalar(select(LedgerHead.removed).where(LedgerHead.implementation_id == owner.id)) or 0
    mine = select(LedgerEntry.number).where(LedgerEntry.implementation_id == owner.id, LedgerEntry.number <= last)
    numbers = list(db.scalars(mine.order_by(LedgerEntry.number).limit(at_most))) if last else []
    if not numbers:
        return 0
    these = delete(LedgerEntry).where(LedgerEntry.implementation_id == owner.id, LedgerEntry.number <= numbers[-1])
    done: CursorResult[Any] = db.execute(these)  # type: ignore[assignment]  # of a DELETE
    return done.rowcount


def on_record(db: Session, owner: Implementation, removed: int) -> ChainHead | None:
    """Return what the audit says of the removal of this many rows; None if it says nothing."""
    rows = select(AuditEntry).where(AuditEntry.implementation == owner.slug, AuditEntry.action == REMOVED)
    for entry in db.scalars(rows.order_by(AuditEntry.number.desc())):
        if implementations.existed_at(owner, entry.at) and entry.detail.get("entries") == removed:
            return ChainHead(removed, str(entry.detail.get("hash")))
    return None


def _record(actor: str, reason: str) -> EntryDraft:
    now = utc_now()
    return EntryDraft(
        kind=EntryKind.ERASED,
        scan_id="",
        session_id="",
        badge_id="",
        scanned_at=now,
        corrected_at=now,
        received_at=now,
        actor=actor,
        reason=reason,
    )
