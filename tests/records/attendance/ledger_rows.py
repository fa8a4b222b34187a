"""Rows for tests of the ledger."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames, EntryDraft
from records.attendance.ledger.tables import EntryKind

START = datetime(2026, 5, 4, 9, 0, 0, 123456, tzinfo=UTC)


def scan_id(number: int) -> str:
    return str(uuid.UUID(int=number))


def draft(number: int, **changes) -> EntryDraft:
    at = START + timedelta(seconds=number)
    values = {
        "kind": EntryKind.SCAN,
        "scan_id": scan_id(number),
        "session_id": "s1",
        "badge_id": f"B-{number}",
        "scanned_at": at,
        "corrected_at": at,
        "received_at": at,
        "actor": "demo/sam",
        "entry": "camera",
    }
    return EntryDraft(**(values | changes))


def add_scans(db, owner, count: int, *, first: int = 1) -> None:
    head = chain.lock(db, owner)
    numbers = range(first, first + count)
    chain.append(db, head, [(draft(n), BadgeNames(f"Chen {n}", "Ada")) for n in numbers])
