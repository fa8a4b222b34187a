"""Stores scans and voids, whichever page or device sends them, and lets the messages of those who were scanned be found anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from records.attendance import intake
from records.attendance.intake import BatchArrival, ScanResult
from records.attendance.phones.undone_scans import UndoResult
from records.changes.attendance import phone_scans
from records.people import users
from web.auth.services import AuthServices
from web.scanner.scan_access import implementation_named
from web.status.services import StatusEndpointServices


def store_scans(implementation: str, scans: Sequence[Any], arrival: BatchArrival) -> tuple[ScanResult, ...]:
    """Store scans in one transaction, and return what became of each."""
    with AuthServices.here().database.session() as db:
        owner = implementation_named(db, implementation)
        done = intake.take_in(db, owner, scans, arrival)
        seen_by = users.with_badges(db, owner, {badge for _, badge in done.touched})
    scanned = [(subject, session) for session, badge in done.touched for subject in seen_by.get(badge, ())]
    StatusEndpointServices.here().status_service.outdate(implementation, scanned)
    return done.results


def void_undone(implementation: str, voids: Sequence[Any], arrival: BatchArrival) -> tuple[UndoResult, ...]:
    """Void scans that were undone on a phone, in one transaction, and return what became of each."""
    with AuthServices.here().database.session() as db:
        after = phone_scans.undo_scans(db, implementation_named(db, implementation), voids, arrival)
    StatusEndpointServices.here().status_service.outdate(implementation, after.outdated)
    return after.value
