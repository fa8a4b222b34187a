"""Records of preparations: each session keeps its last few, they go with their implementation's retention, and failures are counted."""

from datetime import UTC, datetime, timedelta

from records.facts import prepared_runs
from records.facts.prepared_runs import MOST_OF_SESSION, PreparedRunDraft
from records.tenants import implementations

AT = datetime(2026, 5, 4, 13, tzinfo=UTC)


def draft(session="s1", outcome="returned", at=AT, **more):
    return PreparedRunDraft(
        session=session, version="a" * 64, because="many looks", ordered_by="the service", started_at=at,
        ended_at=at + timedelta(seconds=1), outcome=outcome, **more,
    )  # fmt: skip


def test_each_session_keeps_its_last_runs_and_the_newest_of_each_is_listed(db):
    owner = implementations.create(db, "acme", "Acme")
    other = implementations.create(db, "other", "Other")
    for number in range(MOST_OF_SESSION + 3):
        prepared_runs.record(db, owner, draft(entries=number))
    prepared_runs.record(db, owner, draft("s2", log=["\0 half \ud800"]))
    prepared_runs.record(db, other, draft("s1", entries=99))
    kept = [run.entries for run in prepared_runs.of_session(db, owner, "s1")]
    assert (len(kept), kept[0], kept[-1]) == (MOST_OF_SESSION, MOST_OF_SESSION + 2, 3)
    assert [(run.session, run.entries) for run in prepared_runs.newest(db, owner)] == [("s2", 0), ("s1", kept[0])]
    assert [run.entries for run in prepared_runs.of_session(db, other, "s1")] == [99]


def test_failures_are_counted_until_a_run_returns(db):
    owner = implementations.create(db, "acme", "Acme")

    def failures():
        return prepared_runs.failures_in_a_row(db, owner, "a" * 64, most=4)

    for outcome, count in (("raised", 1), ("timed out", 2), ("returned", 0), ("raised", 1)):
        prepared_runs.record(db, owner, draft(outcome=outcome))
        assert failures() == count
    for _ in range(9):
        prepared_runs.record(db, owner, draft("s2", outcome="crashed"))
    assert failures() == 4


def test_runs_go_after_the_days_of_their_implementation(db):
    owner = implementations.create(db, "acme", "Acme", keep_runs_days=2)
    for days in (1, 3, 4):
        prepared_runs.record(db, owner, draft(at=AT - timedelta(days=days)))
    assert prepared_runs.purge(db, AT) == 2
    assert len(prepared_runs.of_session(db, owner, "s1")) == 1
