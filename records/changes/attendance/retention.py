"""What goes because an implementation keeps it no longer: names on scans, refused scans, devices. Each leaves an audit entry.

A worker does this by the settings (`runner.runs.traces`). One implementation at a time, a bounded number of rows each time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CursorResult, delete, or_, select
from sqlalchemy.orm import Session

from records.attendance.devices import ScanDevice
from records.attendance.ledger import erasure, removal
from records.attendance.questions import decisions, disputes
from records.attendance.refused_scans import RefusedScan
from records.attendance.retention import keeping
from records.attendance.retention.keeping import KeepingTerms
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import lock, note
from records.plurals import counted
from records.scripts.suspensions import SERVICE
from records.tenants.implementations import Implementation

NAMES_GONE = "attendance.names_removed"
REFUSED_GONE = "attendance.refused_removed"
DEVICES_GONE = "attendance.devices_removed"
#: Badges, refused scans or devices that go in one transaction.
STEP: Final = 500
#: Rows of a ledger that go in one transaction.
STEP_OF_SCANS: Final = 5000
#: The slug of what belongs to no implementation.
_NONE = ""


def remove_due(db: Session, now: datetime) -> AfterCommit[int]:
    """Remove what one implementation keeps no longer, of one kind; the value is how much.

    Call it again, each time in a transaction of its own, until nothing was changed.
    """
    keeps = or_(*(getattr(Implementation, name) > 0 for name in KeepingTerms.__dataclass_fields__))
    for owner in db.scalars(select(Implementation).where(keeps).order_by(Implementation.id)).all():
        for remove in (_remove_names, _remove_scans, _remove_refused, _remove_devices):
            gone = remove(db, owner, now)
            if gone:
                return AfterCommit(owner.slug, gone, announced=False)
    return unchanged(_NONE, 0)


def _remove_names(db: Session, owner: Implementation, now: datetime) -> int:
    days = owner.keep_names_days
    goes_at = keeping.goes_after_event(db, owner, days)
    if goes_at is None or goes_at > now or not keeping.badges_with_names(db, owner, limit=1):
        return 0
    lock(db, owner)
    badges = keeping.badges_with_names(db, owner, limit=STEP)
    if not badges:  # another worker was faster
        return 0
    reason = f"kept for {counted(days, 'day')} after the event"
    scans = erasure.erase_all(db, owner, badges, actor=SERVICE, reason=reason)
    note(db, owner.slug, NAMES_GONE, _by(reason), detail={"people": len(badges), "scans": scans})
    return len(badges)


def _remove_scans(db: Session, owner: Implementation, now: datetime) -> int:
    """Mark the rows that are due as removed, with the audit entry; delete them then, step by step."""
    gone = removal.delete_marked(db, owner, at_most=STEP_OF_SCANS)
    days = owner.keep_scans_days
    if gone or not days or not keeping.scans_due(db, owner, days, now):
        return gone
    lock(db, owner)
    last = keeping.scans_due(db, owner, days, now)
    if not last:  # another worker was faster
        return 0
    reason = f"kept for {counted(days, 'day')} after the event"
    marked = removal.mark(db, owner, last, actor=SERVICE, reason=reason)
    gone = removal.delete_marked(db, owner, at_most=STEP_OF_SCANS)
    about_them = now - keeping.ARRIVED_LATELY
    decisions.forget(db, owner, about_them)
    disputes.forget_answered(db, owner, about_them)
    note(db, owner.slug, removal.REMOVED, _by(reason), detail={"entries": marked.entries, "hash": marked.hash})
    return gone


def _remove_refused(db: Session, owner: Implementation, now: datetime) -> int:
    days = owner.keep_refused_days
    if not days:
        return 0
    due = keeping.refused_due(db, owner, now - timedelta(days=days))
    numbers = db.scalars(select(RefusedScan.number).where(due).order_by(RefusedScan.number).limit(STEP)).all()
    if not numbers:
        return 0
    lock(db, owner)
    done: CursorResult[Any] = db.execute(delete(RefusedScan).where(RefusedScan.number.in_(numbers)))  # type: ignore[assignment]  # of a DELETE
    if done.rowcount:
        note(db, owner.slug, REFUSED_GONE, _by(f"kept for {counted(days, 'day')}"), detail={"scans": done.rowcount})
    return done.rowcount


def _remove_devices(db: Session, owner: Implementation, now: datetime) -> int:
    days = owner.keep_devices_days
    due = keeping.devices_due(owner, now - timedelta(days=days))
    devices = db.scalars(select(ScanDevice).where(due).order_by(ScanDevice.id).limit(STEP)).all() if days else []
    if not devices:
        return 0
    lock(db, owner)
    names = [each.name for each in devices]
    done: CursorResult[Any] = db.execute(delete(ScanDevice).where(ScanDevice.id.in_([each.id for each in devices])))  # type: ignore[assignment]  # of a DELETE
    if done.rowcount:
        reason = f"kept for {counted(days, 'day')} after their end"
        note(db, owner.slug, DEVICES_GONE, _by(reason), detail={"devices": names})
    return done.rowcount


def _by(reason: str) -> AuditContext:
    return AuditContext(SERVICE, reason)
