"""Answers go with their run, after the days that their implementation says, and never to another implementation."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import delete

from records import Run, RunRecord
from records.scripts import runs
from records.tenants import implementations
from records.trials import kept_answers

START = datetime(2026, 5, 4, tzinfo=UTC)


def a_record(number, slug="demo", **more):
    usual = {"user": "1", "session": "s", "version": "v", "outcome": "returned", "shown_as": "fresh"}
    usual["answers"] = [{"n": number}]
    at = START + timedelta(days=number)
    return RunRecord(id=f"r{number}", implementation=slug, started_at=at, **(usual | more))


def recorded(db, *records):
    runs.record_many(db, records)
    return kept_answers.keep(db, records)


def test_answers_are_found_by_run_and_only_in_their_implementation(db):
    demo, other = (implementations.create(db, slug, slug) for slug in ("demo", "other"))
    assert recorded(db, a_record(1), a_record(2, answers=[]), a_record(3, slug="other")) == 2
    assert recorded(db, a_record(1, answers=["changed"])) == 1
    assert kept_answers.of_runs(db, demo, ["r1", "r2", "r3"]) == {"r1": [{"n": 1}]}
    assert kept_answers.of_runs(db, other, ["r1", "r3"]) == {"r3": [{"n": 3}]}


def test_a_run_that_was_not_recorded_keeps_no_answers(db):
    assert recorded(db, a_record(1, slug="gone")) == 0


def test_answers_go_with_their_run_and_any_text_can_be_stored(db):
    demo = implementations.create(db, "demo", "Demo", keep_answers_days=90)
    recorded(db, a_record(1, answers=["a\0b\ud800"]))
    assert len(kept_answers.of_runs(db, demo, ["r1"])["r1"]) == 1
    db.execute(delete(Run))
    assert kept_answers.of_runs(db, demo, ["r1"]) == {}


def test_each_implementation_keeps_answers_for_its_own_days_and_none_for_zero(db):
    demo = implementations.create(db, "demo", "Demo", keep_answers_days=2)
    none = implementations.create(db, "none", "None")
    recorded(db, *(a_record(number) for number in range(5)), *(a_record(10 + n, slug="none") for n in range(3)))
    now = START + timedelta(days=4, hours=1)
    assert [kept_answers.purge(db, now, at_most=2) for _ in range(3)] == [2, 1, 0]
    assert sorted(kept_answers.of_runs(db, demo, [f"r{number}" for number in range(5)])) == ["r3", "r4"]
    assert kept_answers.purge(db, START + timedelta(days=13)) == 5
    assert kept_answers.of_runs(db, none, ["r10", "r11", "r12"]) == {}
    assert len(runs.recent(db, demo)) == 5
