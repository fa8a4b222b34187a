"""Scans: how many are taken in a second on PostgreSQL, and how long the minutes of 200,000 take."""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from records import AgendaSession, Database
from records.attendance import intake
from records.attendance.intake import BatchArrival, ScanSender
from records.attendance.ledger import verification
from records.attendance.minutes import AttendanceRules, BadgeScan, SessionRules, attendance
from records.attendance.report import made_reports
from records.attendance.report.report_terms import ReportTerms
from records.tenants import implementations
from tests.support.postgres import installed, prepare, serving

NOW = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SCANS = 200_000
BATCH = 50


def scan(number: int, sessions: int = 20, badges: int = 5000) -> dict[str, Any]:
    at = NOW - timedelta(seconds=number % 3000)
    return {
        "id": str(uuid.uuid4()),
        "session": f"s{number % sessions}",
        "badge_id": f"B-{number // sessions % badges}",
        "last_name": "Chen",
        "first_name": "Mei",
        "scanned_at": at.isoformat(),
        "direction": "out" if number % 3 == 0 else "in",
        "entry": "camera",
    }


def event(database: Database) -> None:
    with database.session() as db:
        demo = implementations.create(db, "demo", "Demo", scan_mode="in and out")
        for number in range(20):
            times = {"starts_at": NOW - timedelta(hours=1), "ends_at": NOW + timedelta(hours=1)}
            db.add(AgendaSession(implementation_id=demo.id, session_id=f"s{number}", title="A session", **times))


def take_in(database: Database, scans: list[dict[str, Any]]) -> float:
    """Scans a second, in batches of 50 by one sender after the other, each batch a transaction."""
    arrival = BatchArrival(ScanSender(actor="demo/sam"), NOW, timedelta())
    started = time.perf_counter()
    for first in range(0, len(scans), BATCH):
        with database.session() as db:
            owner = implementations.find(db, "demo")
            assert owner is not None
            done = intake.take_in(db, owner, scans[first : first + BATCH], arrival)
            assert all(each.state in ("stored", "repeat") for each in done.results)
    return len(scans) / (time.perf_counter() - started)


def minutes_seconds() -> float:
    """Seconds for the minutes of 200,000 scans of 5,000 badges at 20 sessions."""
    held = SessionRules(NOW - timedelta(hours=1), NOW + timedelta(hours=1), in_and_out=True)
    groups: dict[tuple[str, str], list[BadgeScan]] = defaultdict(list)
    numbers = list(range(SCANS))
    random.Random(1).shuffle(numbers)
    for number in numbers:
        one = scan(number)
        at = datetime.fromisoformat(one["scanned_at"])
        groups[one["badge_id"], one["session"]].append(BadgeScan(one["id"], at, one["direction"]))
    started = time.perf_counter()
    for several in groups.values():
        attendance(several, held, AttendanceRules())
    return time.perf_counter() - started


def measure(_: Path, *, scans: int = 20_000) -> dict[str, Any]:
    binaries = installed()
    assert binaries, "this needs PostgreSQL"
    with tempfile.TemporaryDirectory(prefix="pg-") as place:
        prepare(binaries, Path(place))
        with serving(binaries, Path(place)) as server, server.database() as url:
            database = Database(url.render_as_string(hide_password=False))
            database.upgrade()
            event(database)
            take_in(database, [scan(n) for n in range(1000)])
            with database.engine.connect() as connection:
                connection.exec_driver_sql("ANALYZE")
                connection.commit()  # autovacuum does it within a minute; this server has none
            rates = [take_in(database, [scan(n) for n in range(scans // 5)]) for _ in range(5)]
            with database.reading() as db:
                started = time.perf_counter()
                owner = implementations.find(db, "demo")
                assert owner is not None
                assert verification.verify(db, owner).ok
                verified = time.perf_counter() - started
                started = time.perf_counter()
                begun = made_reports.begin(db, owner, ReportTerms(0, datetime.now(UTC)))
                listed = sum(1 for _ in begun.rows(db, owner))
                per_row = (time.perf_counter() - started) / listed
            database.dispose()
    rate, took = statistics.median(rates), minutes_seconds()
    return {
        "verified_rows_a_second": round(scans / verified),
        "targets": {
            "scans a second taken in on PostgreSQL in batches of 50 (at least 1,000)": [round(rate), rate >= 1000],
            f"seconds for the rows of a report of {SCANS:,} scans (less than 5)": [
                round(per_row * SCANS, 2),
                per_row * SCANS < 5,
            ],
            f"seconds for the minutes of {SCANS:,} scans (less than 5)": [round(took, 2), took < 5],
        },
    }


if __name__ == "__main__":
    print(json.dumps(measure(Path()), indent=2))
