"""Anchors: where a ledger ended on a day, as audit entries.

Whoever owns the database can write a whole ledger again. An anchor is in the chain of audit entries, whose head is printed to
be kept elsewhere, so they would have to write that again as well, and the printed head would show it.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import audit
from records.audit import AuditEntry
from records.columns import utc_now
from records.tenants import implementations
from records.tenants.implementations import Implementation

from .tables import LedgerHead

ANCHORED = "attendance.anchored"


@dataclass(frozen=True)
class Anchor:
    """The audit entry `number` says that the first `entries` rows end with `hash`."""

    number: int
    entries: int
    hash: str


def anchor(db: Session, owner: Implementation, head: LedgerHead) -> bool:
    """Anchor a locked head, if rows were added since the last anchor. Call it last: it appends an audit entry."""
    if head.entries == head.anchored:
        return False
    detail = {"entries": head.entries, "hash": head.hash}
    entry = audit.append(db, actor="", action=ANCHORED, implementation=owner.slug, detail=detail)
    head.anchored, head.anchored_at = head.entries, entry.at
    db.flush()
    return True


def is_due(head: LedgerHead) -> bool:
    """Say whether the day's anchor is missing: there are rows after the last anchor, which is of an earlier day (UTC)."""
    last = head.anchored_at
    return head.entries > head.anchored and (last is None or last.date() < utc_now().date())


def owners_due(db: Session) -> list[Implementation]:
    """Return the implementations whose anchor of the day is missing."""
    rows = select(LedgerHead, Implementation).join(Implementation).where(LedgerHead.entries > LedgerHead.anchored)
    return [owner for head, owner in db.execute(rows.order_by(Implementation.id)) if is_due(head)]


def every(db: Session, owner: Implementation) -> list[Anchor]:
    """Return the anchors of an implementation, the oldest first; those of a removed one with its slug are left out."""
    rows = select(AuditEntry).where(AuditEntry.implementation == owner.slug, AuditEntry.action == ANCHORED)
    found = db.scalars(rows.order_by(AuditEntry.number))
    mine = (each for each in found if implementations.existed_at(owner, each.at))
    return [Anchor(each.number, each.detail["entries"], each.detail["hash"]) for each in mine]
