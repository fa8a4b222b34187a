"""`session-status script replay`, on the runs of a database."""

import json
from datetime import UTC, datetime

import pytest

from records import Database, RunRecord
from records.scripts import runs
from records.tenants import implementations

SCRIPT = 'def status(user, session, api):\n    if user.id == "3":\n        return message(str(1 / 0))\n    return message("Hello " + user.id)\n'


@pytest.fixture
def demo(cli, records):
    """An implementation with four runs: the same, changed, begins to fail, not comparable."""
    assert cli("implementation", "add", "demo", "--name", "Demo", env=records).exit_code == 0
    database = Database(f"sqlite:///{records['SESSION_STATUS_DATA_FOLDER']}/session-status.db")
    with database.session() as db:
        assert implementations.find(db, "demo")
        runs.record_many(db, [a_run(1, "Hello 1"), a_run(2, "Hi 2"), a_run(3, "Hello 3"), a_run(4, "x", given={})])
    database.dispose()
    return records


def a_run(number, text, **more):
    given = {
        "user": {"id": str(number)},
        "session": {"id": "s1"},
        "settings": {},
        "now": "2026-05-04T14:10:00Z",
    }
    usual = {
        "id": f"{number:012x}-{number:012x}", "implementation": "demo", "user": f"\x1b{number}", "session": "s1",
        "version": "v", "started_at": datetime(2026, 5, 4, 10, number, tzinfo=UTC), "outcome": "returned",
        "shown_as": "fresh", "message": {"text": text, "color": "#005d8a", "action": None}, "given": given,
    }  # fmt: skip
    return RunRecord(**(usual | more))


def test_it_tells_for_whom_the_message_would_be_another(cli, demo, write_file):
    file = write_file("script.py", SCRIPT)
    result = cli("script", "replay", "demo", file, env=demo)
    assert result.exit_code == 1, "it begins to fail for somebody"
    assert "4 runs: 1 the same, 1 begins to fail, 1 changes, 1 not comparable." in result.stdout
    assert "raised: ZeroDivisionError in line 3" in result.stdout
    assert "'Hi 2'" in result.stdout
    assert "'Hello 2'" in result.stdout
    assert "keep_answers_days=7" in result.stdout
    assert "\x1b" not in result.stdout
    told = json.loads(cli("script", "replay", "demo", file, "--json", env=demo).stdout)
    assert (told["runs"], told["same"]) == (4, 1)
    assert [row["user"] for row in told["changed"]] == ["\x1b2"]


def test_one_run_only_is_the_newest_and_nothing_that_fails_is_exit_status_0(cli, demo, write_file):
    file = write_file("script.py", SCRIPT.replace('"3"', '"9"'))
    result = cli("script", "replay", "demo", file, "--runs", "2", env=demo)
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "2 runs: 1 the same, 1 not comparable.")


def test_a_script_that_the_check_refuses_is_not_run(cli, demo, write_file):
    result = cli("script", "replay", "demo", write_file("script.py", "import os\n"), env=demo)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "os" in result.stderr
