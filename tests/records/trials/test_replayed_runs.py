"""Rows of a replay: in the order of their importance, filtered, page by page, and gone with their runs."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete

from records import Run, RunRecord
from records.scripts import runs, submissions, versions
from records.scripts.submissions import SubmissionDraft
from records.trials import replayed_runs
from records.trials.replayed_runs import ReplayFilter

START = datetime(2026, 5, 4, tzinfo=UTC)


@pytest.fixture
def submission(db, demo):
    usual = {"implementation": "demo", "version": "v", "outcome": "returned", "shown_as": "fresh"}
    runs.record_many(
        db,
        [
            RunRecord(id=f"r{n}", user=f"u{n % 2}", session=f"s{n % 3}", started_at=START + timedelta(n), **usual)
            for n in range(6)
        ],
    )
    version = versions.add_version(db, demo, "def status(user, session, api):\n    return hidden()\n", by="demo/ann")
    return submissions.submit(db, demo, version, SubmissionDraft(), "demo/ann")


def rows(*numbers, **more):
    return [{"run": f"r{n}", "user": "x", "session": "y"} | more for n in numbers]


@pytest.fixture
def kept(db, submission):
    shown = {
        "before": {"outcome": "returned", "message": None},
        "after": {"outcome": "returned", "message": {"text": "a\0"}},
    }
    lists = {
        "changed": rows(5, 4, 3, **shown),
        "not_comparable": rows(2, why="no answers"),
        "begins_to_fail": rows(1, **shown),
    }
    replayed_runs.keep(db, submission, lists)
    return submission


def found(db, submission, limit=10, **wanted):
    return [run.id for _, run in replayed_runs.page(db, submission, ReplayFilter(**wanted), limit=limit)]


def test_the_most_important_come_first_and_a_page_continues_after_a_place(db, kept):
    assert found(db, kept) == ["r1", "r5", "r4", "r3", "r2"]
    first = replayed_runs.page(db, kept, limit=2)
    assert found(db, kept, after=first[-1][0].place) == ["r4", "r3", "r2"]
    assert replayed_runs.counts(db, kept) == {"begins_to_fail": 1, "changed": 3, "not_comparable": 1}


def test_rows_are_filtered_by_kind_person_and_session(db, kept):
    assert found(db, kept, kind="changed") == ["r5", "r4", "r3"]
    assert found(db, kept, user="u1") == ["r1", "r5", "r3"]
    assert found(db, kept, session="s2", kind="changed") == ["r5"]


def test_another_replay_takes_the_place_of_the_last_and_an_unknown_run_is_left_out(db, kept):
    replayed_runs.keep(db, kept, {"changed": [*rows(0), {"run": "gone"}]})
    assert found(db, kept) == ["r0"]


def test_a_run_that_is_deleted_takes_its_row_along(db, kept):
    db.execute(delete(Run).where(Run.id == "r5"))
    assert found(db, kept, kind="changed") == ["r4", "r3"]
