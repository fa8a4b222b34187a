"""Scans of a hostile device or badge: at the end of the calendar, in floods, with an ID that is nearly that of a test badge."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from records.attendance import corrected_time, scan_queries
from records.attendance.intake import BatchArrival
from records.attendance.ledger import verification
from records.attendance.ledger.tables import LedgerEntry
from records.attendance.phones import undone_scans
from records.tenants import implementations
from tests.records.attendance.test_intake import NOW, SAM, hall, scan, send

__all__ = ["hall"]


ENDS = (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))


@pytest.mark.parametrize("claimed", ENDS, ids=["first day", "last day"])
def test_a_clock_at_the_end_of_the_calendar_stores_scans_and_voids_that_verify(database, hall, claimed):
    one = scan(scanned_at=claimed.isoformat())
    behind = corrected_time.skew(NOW, claimed)
    assert [each.state for each in send(database, hall, one, behind=behind).results] == ["stored"]
    with database.session() as db:
        mine = implementations.find(db, "demo")
        sent = {"id": one["id"], "voided_at": claimed.isoformat(), "reason": "undone"}
        done = undone_scans.undo(db, mine, [sent], BatchArrival(SAM, NOW, behind))
        assert [each.state for each in done.results] == ["voided"]
    with database.reading() as db:
        assert verification.verify(db, implementations.find(db, "demo")).entries == 2
        assert {row.corrected_at for row in db.query(LedgerEntry)} == {NOW}


def test_a_badge_that_is_nearly_a_test_badge_counts_on_both_databases(database, hall):
    send(database, hall, scan(badge_id="test-badge-7"), scan(badge_id="TEST-BADGE-7"))
    with database.reading() as db:
        mine = implementations.find(db, "demo")
        assert [row.badge_id for row in scan_queries.at_sessions(db, mine, ["s1"])] == ["test-badge-7"]
