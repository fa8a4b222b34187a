"""A worker anchors the ledgers of scans once a day."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from records.attendance.ledger import anchors, chain
from records.attendance.ledger.tables import LedgerHead
from records.tenants import implementations
from runner.runs.daily_anchors import DailyAnchors
from tests.records.attendance.ledger_rows import add_scans
from tests.support.records import new_records


@pytest.fixture
def database(tmp_path):
    found = new_records(f"sqlite:///{tmp_path}/records.db")
    yield found
    found.dispose()


def test_the_worker_anchors_what_came_since_the_last_anchor_once_a_day(database):
    now = [0.0]
    daily = DailyAnchors(database, every_s=10, clock=lambda: now[0])
    with database.session() as db:
        demo = implementations.create(db, "demo", "Demo", "UTC")
        implementations.create(db, "idle", "Idle", "UTC")
        add_scans(db, demo, 2)

    def anchored():
        with database.reading() as db:
            return [each.entries for each in anchors.every(db, demo)]

    daily.look()
    assert anchored() == [2]
    with database.session() as db:
        add_scans(db, demo, 1, first=3)
    now[0] = 11
    daily.look()
    assert anchored() == [2]  # the anchor of today is there
    with database.session() as db:
        db.get(LedgerHead, demo.id).anchored_at = datetime.now(UTC) - timedelta(days=1)
    daily.look()
    assert anchored() == [2]  # not before it is time
    now[0] = 22
    daily.look()
    assert anchored() == [2, 3]
    with database.session() as db:
        assert not anchors.anchor(db, demo, chain.lock(db, demo))


def test_a_database_that_is_away_ends_no_thread(database, tmp_path):
    (tmp_path / "records.db").rename(tmp_path / "gone.db")
    DailyAnchors(database).look()
