"""Counts of runs: each in its hour, by what was shown, and the times of vendors, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from records import Implementation, RunRecord
from records.scripts import run_counts, runs

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def record(number: int, minutes: int, outcome: str = "returned", shown_as: str = "fresh", **more):
    return RunRecord(
        id=f"run-{number:04}",
        implementation="demo",
        user="ada",
        session="CE-1",
        version="a" * 64,
        started_at=NOON - timedelta(minutes=minutes),
        outcome=outcome,
        shown_as=shown_as,
        **more,
    )


def test_each_run_is_counted_in_its_hour_and_none_outside(db: Session, demo: Implementation):
    minutes = {0: 1, 1: 60, 2: 61, 3: 119, 4: 180, 5: 181, 6: 0}
    records = [record(number, minute) for number, minute in minutes.items()]
    records += [
        record(10, 5, "raised", "fallback"),
        record(11, 6, "timed out", "last good"),
        record(12, 7, shown_as="hidden"),
    ]
    runs.record_many(db, records)
    found = run_counts.by_hour(db, demo, NOON, hours=3)
    assert [one.start for one in found] == [NOON - timedelta(hours=hours) for hours in (3, 2, 1)]
    assert [one.runs for one in found] == [1, 2, 5]
    assert [one.failed for one in found] == [0, 0, 2]
    assert dict(found[2].shown) == {"fresh": 2, "fallback": 1, "last good": 1, "hidden": 1}


def test_without_runs_every_hour_is_there_and_empty(db: Session, demo: Implementation):
    found = run_counts.by_hour(db, demo, NOON, hours=24)
    assert len(found) == 24
    assert not any(one.runs for one in found)
    assert run_counts.newest(db, demo, NOON).runs == 0


def test_messages_and_calls_of_the_newest_runs_are_counted(db: Session, demo: Implementation):
    calls = [{"connection": "ethosce", "ms": ms, "fault": None, "from_cache": False} for ms in range(1, 101)]
    calls += [
        {"connection": "cvent", "ms": 5, "fault": "timeout"},
        {"connection": "cached", "ms": 0, "from_cache": True},
    ]
    messages = ["Claim", "Claim", "Claimed", None]
    rows = [
        record(n, n, message=text and {"text": text}, calls=calls if n == 0 else []) for n, text in enumerate(messages)
    ]
    runs.record_many(db, [*rows, record(99, 500, message={"text": "old"})])
    found = run_counts.newest(db, demo, NOON - timedelta(hours=1))
    assert (found.runs, found.messages) == (4, (("Claim", 2), ("Claimed", 1)))
    one, two = found.connections
    assert (one.name, one.calls, one.failed) == ("cvent", 1, 1)
    assert (two.name, two.calls, two.failed, two.median_ms, two.p95_ms) == ("ethosce", 100, 0, 51, 96)
    assert run_counts.newest(db, demo, NOON - timedelta(hours=1), most=1).messages == (("Claim", 1),)
