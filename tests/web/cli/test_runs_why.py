"""`session-status runs why`: what was shown at an earlier time."""

import json
from datetime import UTC, datetime

import pytest

from records import Database, RunRecord
from records.scripts import runs


@pytest.fixture
def demo(cli, records):
    assert cli("implementation", "add", "demo", "--name", "Demo", env=records).exit_code == 0
    database = Database(f"sqlite:///{records['SESSION_STATUS_DATA_FOLDER']}/session-status.db")
    usual = {"implementation": "demo", "user": "165", "session": "CE-1", "version": "v", "shown_as": "fresh"}
    message = {"text": "Claim \x1b[31m", "color": None, "action": None}
    started = datetime(2026, 5, 4, 10, tzinfo=UTC)
    with database.session() as db:
        runs.record_many(db, [RunRecord(id="r1", started_at=started, outcome="returned", message=message, **usual)])
    database.dispose()
    return records


def why(cli, demo, *more):
    return cli("runs", "why", "demo", "--user", "165", "--session", "CE-1", *more, env=demo)


def test_one_sentence_and_the_run_behind_it(cli, demo):
    result = why(cli, demo, "--at", "2026-05-04T11:00")
    assert result.exit_code == 0, result.output
    assert "was shown since 2026-05-04 10:00:00: the script said so." in result.stdout
    assert "Found by run" in result.stdout
    assert "\x1b" not in result.stdout


def test_for_programs_it_is_one_object(cli, demo):
    told = json.loads(why(cli, demo, "--at", "2026-05-04T11:00", "--json").stdout)
    assert (told["shown_as"], told["found_by"], told["failing"]) == ("fresh", "r1", [])


def test_a_time_that_is_none_and_a_user_without_runs_are_named(cli, demo):
    assert "--at" in why(cli, demo, "--at", "noonish").stderr
    result = cli("runs", "why", "demo", "--user", "x", "--session", "CE-1", "--at", "1h", env=demo)
    assert (result.exit_code, "no user 'x'" in result.stderr) == (2, True)
