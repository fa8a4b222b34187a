"""Traces are stored in bulk whatever they hold, found again, and thrown away in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from records import Database, Implementation, RunFilter, RunRecord
from records.scripts import runs
from records.tenants import implementations

NOON = datetime(2026, 7, 15, 12, 0, tzinfo=UTC)
RUN = RunRecord(
    id="01J00000000000000000000001",
    implementation="demo",
    user="u1",
    session="S1",
    version="a" * 64,
    started_at=NOON,
    outcome="returned",
    shown_as="fresh",
    message={"text": "Claim 1.0 CE credit", "link": "https://cme.example.org", "color": None},
    calls=[{"connection": "ethosce", "status": 200}],
    log=["looked it up"],
    usage={"wall_ms": 3.5},
    given={"user": {"id": "u1", "attributes": {"b": 1, "a": 2}}},
)


def numbered(count: int) -> list[RunRecord]:
    return [replace(RUN, id=f"{n:04}", started_at=NOON + timedelta(minutes=n)) for n in range(count)]


def test_run_is_found_with_its_whole_trace(database: Database, demo: Implementation):
    with database.session() as db:
        assert runs.record_many(db, [RUN]) == 1
    with database.reading() as db:
        found = runs.find(db, demo, RUN.id)
        assert found is not None
        assert found.started_at == NOON
        assert found.message == RUN.message
        assert (found.calls, found.log, found.error, found.alarm) == (RUN.calls, RUN.log, None, False)
        assert list(found.given["user"]["attributes"]) == ["b", "a"]


def test_run_recorded_twice_is_one_run_as_first_told(db: Session, demo: Implementation):
    runs.record_many(db, [RUN])
    runs.record_many(db, [replace(RUN, outcome="crashed"), replace(RUN, id="other")])
    assert [run.outcome for run in runs.recent(db, demo)] == ["returned", "returned"]


def test_runs_of_an_implementation_deleted_meanwhile_are_dropped_and_the_others_kept(db: Session, demo: Implementation):
    assert runs.record_many(db, [replace(RUN, id="1", implementation="gone"), RUN]) == 1
    assert [run.id for run in runs.recent(db, demo)] == [RUN.id]


def test_nothing_to_record_is_fine(db: Session):
    assert runs.record_many(db, []) == 0


def test_a_run_that_ends_after_another_implementation_took_its_slug_is_not_that_ones(db: Session, demo: Implementation):
    earlier = replace(RUN, made_at=demo.created_at - timedelta(days=1))
    assert runs.record_many(db, [earlier, replace(RUN, id="2", made_at=demo.created_at)]) == 1
    assert [run.id for run in runs.recent(db, demo)] == ["2"]


def test_recent_runs_come_newest_first_and_pass_the_filter(db: Session, demo: Implementation):
    records = numbered(6)
    records[2] = replace(records[2], user="u2", outcome="timed out")
    records[4] = replace(records[4], session="S2", version="b" * 64)
    runs.record_many(db, records)

    def ids(wanted: RunFilter | None = None, limit: int = 50) -> list[str]:
        return [run.id for run in runs.recent(db, demo, wanted, limit=limit)]

    assert ids(limit=2) == ["0005", "0004"]
    assert ids(RunFilter(user="u2")) == ["0002"]
    assert ids(RunFilter(session="S2", version="b" * 64)) == ["0004"]
    assert ids(RunFilter(outcome="timed out", session="S2")) == []
    assert ids(RunFilter(since=NOON + timedelta(minutes=1), until=NOON + timedelta(minutes=3))) == ["0002", "0001"]
    assert runs.count_outcomes(db, demo, NOON + timedelta(minutes=1)) == {"returned": 4, "timed out": 1}


def test_runs_of_another_implementation_are_not_seen(db: Session, demo: Implementation):
    other = implementations.create(db, "other", "Other")
    runs.record_many(db, [RUN])
    assert runs.recent(db, other) == []
    assert runs.find(db, other, RUN.id) is None


def test_each_implementation_keeps_its_runs_for_its_own_days(db: Session, demo: Implementation):
    implementations.create(db, "other", "Other", keep_runs_days=1)
    runs.record_many(db, [RUN, replace(RUN, id="2", implementation="other")])
    assert runs.purge(db, NOON + timedelta(days=1)) == 0
    assert runs.purge(db, NOON + timedelta(days=1, seconds=1)) == 1
    assert runs.find(db, demo, RUN.id) is not None
    assert runs.purge(db, NOON + timedelta(days=31)) == 1
    assert runs.purge(db, NOON + timedelta(days=31)) == 0


def test_purge_goes_in_steps_the_oldest_first(db: Session, demo: Implementation):
    runs.record_many(db, numbered(5))
    later = NOON + timedelta(days=365)
    assert runs.purge(db, later, at_most=3) == 3
    assert [run.id for run in runs.recent(db, demo)] == ["0004", "0003"]
    assert runs.purge(db, later, at_most=3) == 2


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)


@given(JSONS, st.text(st.characters(exclude_categories=()), max_size=20))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_a_script_puts_into_its_trace_is_stored(db: Session, demo: Implementation, value: object, line: str):
    hostile = replace(RUN, id="hostile", log=[line, "\0", "\ud800", 10**5000, float("nan")], given={"a": value})
    with db.begin_nested() as savepoint:
        assert runs.record_many(db, [hostile]) == 1
        db.expire_all()
        found = runs.find(db, demo, "hostile")
        assert found is not None
        assert found.log[1:] == ["\ufffd", "?", "a very large number", "nan"]
        savepoint.rollback()
