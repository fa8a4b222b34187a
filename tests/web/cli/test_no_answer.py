"""What `status get` says when no answer came: it asks for a worker only where none has run meanwhile."""

from datetime import UTC, datetime, timedelta

from records import Run
from web.cli.operate.statuses import no_answer

BEGAN = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def run_at(seconds):
    return Run(id="r", started_at=BEGAN + timedelta(seconds=seconds))


def test_a_run_that_began_meanwhile_shows_that_the_message_is_being_checked_again():
    said = no_answer("checking", [run_at(4), run_at(-60)], BEGAN, 20)
    assert "is being checked again. This takes up to 22 s" in said
    assert "worker" not in said


def test_without_a_run_meanwhile_it_asks_whether_a_worker_is_running():
    for state, newest in (("checking", []), ("checking", [run_at(-5)]), ("unavailable", [run_at(4)])):
        said = no_answer(state, newest, BEGAN, 20)
        assert said == "There was no answer within 20 s. Is a worker running? Check with `session-status doctor`."
