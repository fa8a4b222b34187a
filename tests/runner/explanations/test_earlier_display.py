"""What was displayed at an earlier time, told from the runs that are kept."""

from datetime import UTC, datetime, timedelta

import pytest

from records import AgendaSession, RunRecord
from records.scripts import runs
from records.tenants import implementations
from runner.explanations.earlier_display import displayed_at
from runner.runs.outcome_to_status import ACTIVE_VERSION
from tests.support.records import new_records

DAY = datetime(2026, 5, 4, tzinfo=UTC)
CLAIM = {"text": "Claim 1.0 CE credit", "color": None, "action": {"kind": "link", "url": "https://a.example/"}}
FAILED = {"outcome": "raised", "error": {"type": "ApiError", "line": 4, "text": "EthosCE answered 503"}}


def at(hours, minutes=0):
    return DAY + timedelta(hours=hours, minutes=minutes)


@pytest.fixture
def shown(tmp_path):
    """Record runs, each a time and what it was, and tell what was displayed at a time in one sentence."""
    database = new_records(f"sqlite:///{tmp_path}/records.db")

    def tell(moment, *recorded, session="s", **settings):
        with database.session() as db:
            owner = implementations.create(db, "demo", "Demo", **settings)
            for name, parent in (("s", None), ("part", "s")):
                ends = DAY + timedelta(hours=1)
                db.add(
                    AgendaSession(
                        implementation_id=owner.id,
                        session_id=name,
                        title="T",
                        starts_at=DAY,
                        ends_at=ends,
                        parent_id=parent,
                    )
                )
            usual = {"implementation": "demo", "user": "ann", "session": "s", "version": "v", "outcome": "returned"}
            usual |= {"shown_as": "fresh", "message": CLAIM}
            runs.record_many(
                db,
                [RunRecord(id=f"r{n}", started_at=when, **(usual | more)) for n, (when, more) in enumerate(recorded)],
            )
            found = displayed_at(db, owner, "ann", session, moment)
            return found, found.sentence(lambda when: f"{when:%H:%M}")

    yield tell
    database.dispose()


def test_a_message_that_the_script_found_is_told_with_since_when(shown):
    found, said = shown(at(11), (at(10, 2), {}), (at(10, 30), {}), (at(12), {"message": None, "shown_as": "hidden"}))
    assert said == "“Claim 1.0 CE credit” was shown since 10:02: the script said so."
    assert found.found.id == "r1"


def test_a_message_that_stayed_because_runs_failed_says_since_when_and_why(shown):
    failed = FAILED | {"shown_as": "last good"}
    found, said = shown(at(11), (at(10, 2), {}), (at(10, 3), failed), (at(10, 20), failed))
    assert said == (
        "“Claim 1.0 CE credit” was shown since 10:02. The last good message stayed, because every run since 10:03 failed: "
        "ApiError in line 4 (EthosCE answered 503)."
    )
    assert (found.found.id, [run.id for run in found.failing]) == ("r0", ["r2", "r1"])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            {"message": None, "shown_as": "hidden"},
            "Nothing was shown since 10:00: the script said that nothing is shown.",
        ),
        (
            FAILED | {"message": None, "shown_as": "hidden"},
            "Nothing was shown since 10:00. Nothing was shown, because the run failed: ApiError in line 4 (EthosCE answered 503).",
        ),
        (
            FAILED | {"message": {"text": "Ask the staff"}, "shown_as": "fallback"},
            (
                "“Ask the staff” was shown since 10:00. The fallback text was shown, because the run failed: ApiError in line 4 "
                "(EthosCE answered 503)."
            ),
        ),
    ],
)
def test_the_other_ways_are_told_too(shown, more, said):
    assert shown(at(11), (at(10), more))[1] == said


def test_a_failed_run_of_a_staged_version_was_not_displayed(shown):
    staged = FAILED | {"shown_as": ACTIVE_VERSION, "message": None}
    found, said = shown(at(11), (at(10), {}), (at(10, 10), staged), (at(10, 10), {}))
    assert (said, found.failing) == ("“Claim 1.0 CE credit” was shown since 10:00: the script said so.", ())


def test_before_the_first_run_that_is_kept_nothing_is_known(shown):
    assert shown(at(9), (at(10), {}))[1] == "No run from before 09:00 is kept."


def test_a_part_of_a_session_shows_what_the_whole_shows_if_that_is_set(shown):
    assert shown(at(11), (at(10), {}), session="part", inherit_from_parent=True)[0].session == "s"


def test_a_part_of_a_session_has_its_own_runs_if_that_is_not_set(shown):
    assert shown(at(11), (at(10), {}), session="part")[0].run is None
