"""Scans of a hostile device or badge: at the end of the calendar, in floods, with an ID that is nearly that of a test badge."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from records import Database
from records.attendance import corrected_time, corrections, intake, scan_queries
from records.attendance.intake import BatchArrival
from records.attendance.ledger import scan_rows, verification
from records.attendance.ledger.tables import LedgerEntry
from records.attendance.phones import undone_scans
from records.tenants import implementations
from tests.records.attendance.test_intake import ID, NOW, SAM, hall, scan, send

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


def test_a_scan_is_found_by_its_id_without_looking_through_the_ledger(sqlite_template, tmp_path):
    database = Database(f"sqlite:///{shutil.copy(sqlite_template, tmp_path)}")
    plans = []

    def explain(connection, _cursor, statement, given, _context, _many):
        if statement.startswith("SELECT") and "scan_ledger" in statement:
            plan = connection.connection.dbapi_connection.execute(f"EXPLAIN QUERY PLAN {statement}", given)
            plans.append(" ".join(row[3] for row in plan))

    with database.session() as db:
        owner = implementations.create(db, "demo", "Demo")
        event.listen(database.engine, "before_cursor_execute", explain)
        corrections.find_scan(db, owner, ID)
        corrections.is_voided(db, owner, ID)
        scan_rows.with_ids(db, owner, [ID])
        intake.preview(db, owner, [scan(id=ID)], BatchArrival(SAM, NOW, timedelta(0)))
    database.dispose()
    assert len(plans) == 4
    assert [plan for plan in plans if "uq_scan_ledger_" not in plan] == []


def test_a_badge_that_is_nearly_a_test_badge_counts_on_both_databases(database, hall):
    send(database, hall, scan(badge_id="test-badge-7"), scan(badge_id="TEST-BADGE-7"))
    with database.reading() as db:
        mine = implementations.find(db, "demo")
        assert [row.badge_id for row in scan_queries.at_sessions(db, mine, ["s1"])] == ["test-badge-7"]
