"""Three runs within an hour in which the interpreter died suspend their version: on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from records import RunRecord, audit
from records.scripts import crashes, deployments, runs, suspensions, versions
from records.scripts.deployments import Deployment
from records.tenants import implementations

SOURCE = "def status(user, session, api):\n    return hidden()\n"
NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def version(database):
    with database.session() as db:
        owner = implementations.create(db, "acme", "Acme", "Europe/Berlin")
        found = versions.add_version(db, owner, SOURCE, by="test")
        deployed_at(db, owner, found, NOW - timedelta(days=9))
        return found.sha256


def deployed_at(db, owner, version, moment):
    deployment = deployments.activate(db, owner, version, by="test")
    db.execute(update(Deployment).where(Deployment.id == deployment.id).values(started_at=moment))


def died(version, minutes, run_id=None, **changes):
    error = {"type": "SIGSEGV", "line": 3, "text": "died", "signal": "SIGSEGV"}
    values = {"outcome": "crashed", "shown_as": "hidden", "error": error} | changes
    at = NOW + timedelta(minutes=minutes)
    return RunRecord(run_id or f"run{minutes}", "acme", "u", "s", version, at, **values)


def judge(database, *records):
    """Record them, then judge each in its turn, as workers do."""
    with database.session() as db:
        runs.record_many(db, records)
    found = []
    for record in records:
        with database.session() as db:
            found += crashes.suspend_repeated(db, "acme", record.version, record.started_at)
    return [crash.run for crash in found]


def is_suspended(database, version):
    with database.reading() as db:
        owner = implementations.find(db, "acme")
        return (
            versions.find_version(db, owner, version).suspended_at is not None
            and deployments.active_version(db, owner) is None
        )


def test_three_within_an_hour(database, version):
    assert judge(database, died(version, 0), died(version, 59)) == []
    assert not is_suspended(database, version)
    assert judge(database, died(version, 60)) == ["run0", "run59", "run60"]
    assert is_suspended(database, version)


def test_three_in_more_than_an_hour_suspend_nothing(database, version):
    assert judge(database, died(version, 0), died(version, 59), died(version, 61)) == []
    assert not is_suspended(database, version)


def test_what_was_recorded_late_counts_for_its_own_time(database, version):
    assert judge(database, died(version, 50), died(version, 10)) == []
    assert judge(database, died(version, 0)) == ["run0", "run10", "run50"]


def test_other_ends_other_versions_and_other_implementations_do_not_count(database, version):
    other = {"type": "Killed", "line": None, "text": "killed"}
    with database.session() as db:
        implementations.create(db, "other", "Other", "Europe/Berlin")
    assert (
        judge(
            database,
            died(version, 0),
            died(version, 1),
            died(version, 2, error=other),
            died(version, 3, outcome="raised"),
            died(version, 4, error=None),
            died("f" * 64, 5),
        )
        == []
    )
    assert not is_suspended(database, version)


def test_a_suspended_version_keeps_its_first_reason(database, version):
    judge(database, died(version, 0), died(version, 1), died(version, 2))
    with database.reading() as db:
        reason = versions.find_version(db, implementations.find(db, "acme"), version).suspended_reason
    assert "run0, run1, run2" in reason
    assert judge(database, died(version, 3)) == []
    with database.reading() as db:
        owner = implementations.find(db, "acme")
        assert versions.find_version(db, owner, version).suspended_reason == reason


def test_the_count_begins_anew_when_somebody_puts_the_version_back(database, version):
    judge(database, died(version, 0), died(version, 1), died(version, 2))
    with database.session() as db:
        owner = implementations.find(db, "acme")
        found = versions.find_version(db, owner, version)
        versions.reinstate(db, found)
        deployed_at(db, owner, found, NOW + timedelta(minutes=5))
    assert judge(database, died(version, 6), died(version, 7)) == []
    assert judge(database, died(version, 8)) == ["run6", "run7", "run8"]


def test_two_workers_that_record_at_the_same_moment_do_not_both_see_too_few(database, version):
    """Each records one crash and judges it; the second must count what the first has recorded."""
    judge(database, died(version, 0))
    both = threading.Barrier(2)
    found = []

    def work(minutes):
        with database.session() as db:
            runs.record_many(db, [died(version, minutes)])
        both.wait(10)
        with database.session() as db:
            found.extend(crashes.suspend_repeated(db, "acme", version, NOW + timedelta(minutes=minutes)))

    threads = [threading.Thread(target=work, args=(minutes,)) for minutes in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [crash.run for crash in found] == ["run0", "run1", "run2"]
    assert is_suspended(database, version)


def test_an_implementation_that_is_gone_is_no_error(database):
    with database.session() as db:
        assert crashes.suspend_repeated(db, "gone", "f" * 64, NOW) == []


@pytest.mark.parametrize("said", ["two\nlines \0 and a bell\a", "x" * 5000, "\ud800", " \n "])
def test_whatever_a_reason_holds_the_version_is_suspended_and_the_entry_names_what_ended(database, version, said):
    with database.session() as db:
        assert suspensions.suspend(db, implementations.find(db, "acme"), version, said, runs=["run-1"])
    assert is_suspended(database, version)
    with database.reading() as db:
        [entry] = audit.recent(db)
        assert (entry.action, entry.detail["ended"]) == ("script.suspended", ["version 1, active"])
