"""Changes that come from phones: scans that are undone there, and files of scans that a phone could not send."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from records.attendance.intake import BatchArrival
from records.attendance.phones import saved_scans, undone_scans
from records.attendance.phones.saved_scans import FileResults, SavedScans
from records.attendance.phones.undone_scans import UndoResult
from records.audit import AuditContext
from records.changes.after_commit import AfterCommit, unchanged
from records.changes.entries import lock, note
from records.columns import utc_now
from records.people import users
from records.tenants.implementations import Implementation

UNDONE = "attendance.scans_undone"
IMPORTED = "attendance.scans_imported"


def undo_scans(
    db: Session, owner: Implementation, voids: Sequence[Any], arrival: BatchArrival
) -> AfterCommit[tuple[UndoResult, ...]]:
    """Void scans that their sender has undone; the value says for each what became of it. Those that are void are no change."""
    lock(db, owner)
    done = undone_scans.undo(db, owner, voids, arrival)
    if not done.voided:
        return unchanged(owner.slug, done.results)
    touched = frozenset((each.session_id, each.badge_id) for each in done.voided)
    outdated = _seen_by(db, owner, touched)
    detail = {"scans": [each.scan_id for each in done.voided], "device": arrival.sender.device}
    note(db, owner.slug, UNDONE, AuditContext(arrival.sender.actor), detail=detail)
    return AfterCommit(owner.slug, done.results, announced=False, outdated=outdated)


def import_scans(db: Session, owner: Implementation, saved: SavedScans, by: AuditContext) -> AfterCommit[FileResults]:
    """Store the scans of a phone's file; the value says what became of each. A file with nothing new changes nothing."""
    lock(db, owner)
    results, touched = saved_scans.store(db, owner, saved, saved_scans.arrival_of(saved, by.actor, utc_now()))
    if not touched:
        return unchanged(owner.slug, results)
    outdated = _seen_by(db, owner, touched)
    skew = saved.skew // timedelta(milliseconds=1) if saved.skew is not None else None
    detail = {**results.counts, "sha256": saved.sha256, "saved_at": saved.saved_at.isoformat(), "skew_ms": skew}
    note(db, owner.slug, IMPORTED, by, detail=detail)
    return AfterCommit(owner.slug, results, announced=False, outdated=outdated)


def _seen_by(db: Session, owner: Implementation, touched: frozenset[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return the people with these badges (sessions and badge IDs), each with the session."""
    found = users.with_badges(db, owner, {badge for _, badge in touched})
    return tuple((subject, session) for session, badge in sorted(touched) for subject in found.get(badge, ()))
