"""The commands over the records: what they keep, what they print, and how they say no."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from records import Database, RunRecord, audit
from records.scripts import deployments, runs
from records.tenants import implementations

AGENDA = "ID,Title,Start Time,End Time\nS-1,Opening,2026-05-04 09:00,2026-05-04 10:00\n"


@pytest.fixture
def event(cli, records):
    """An implementation `aha26`."""
    assert (
        cli("implementation", "add", "aha26", "--name", "AHA", "--time-zone", "America/Chicago", env=records).exit_code
        == 0
    )
    return records


def test_an_implementation_is_added_shown_and_changed(cli, event):
    wanted = (
        "link_hosts=cme.example.org,a.example",
        "fresh_seconds=30",
        'script_settings={"a": 1}',
        "fallback_text=Ask us",
    )
    assert cli("implementation", "set", "aha26", *wanted, env=event).exit_code == 0
    shown = json.loads(cli("implementation", "show", "aha26", "--json", env=event).stdout)
    assert (shown["link_hosts"], shown["fresh_seconds"], shown["script_settings"]) == (
        ["cme.example.org", "a.example"],
        30,
        {"a": 1},
    )
    assert shown["fallback_text"] == "Ask us"
    assert "aha26" in cli("implementation", "list", env=event).stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("implementation", "show", "nope"), "aha26"),
        (("implementation", "set", "aha26", "colour=red"), "There is no field 'colour'"),
        (("implementation", "set", "aha26", "fresh_seconds=soon"), "is not JSON"),
        (("implementation", "set", "aha26", "fresh_seconds=-1"), "Fresh_seconds"),
        (("implementation", "set", "aha26", "name"), "FIELD=VALUE"),
        (("implementation", "add", "aha26", "--name", "Twice"), "taken"),
        (("implementation", "add", "a b", "--name", "Blank"), "letters"),
        (("connection", "list", "nope"), "There is no implementation 'nope'"),
        (("sessions", "import", "aha26", "/no/such.csv"), "no such file"),
        (("sessions", "import", "aha26", "/"), "folder"),
        (("script", "activate", "nope", "/no.py"), "no such file"),
        (("status", "get", "aha26", "S-1", "--user", "1"), "no store"),
        (("users", "add", "aha26", "1", "--attributes", "{"), "not JSON"),
    ],
)
def test_what_a_person_can_get_wrong_is_a_sentence_and_status_2(cli, event, arguments, says):
    result = cli(*arguments, env=event)
    assert result.exit_code == 2
    assert says in result.stderr
    assert "Traceback" not in result.stderr


TOO_LONG = "x" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        ("script", "activate", "aha26", TOO_LONG),
        ("script", "run", "script.py", "--input", TOO_LONG),
        ("sessions", "import", "aha26", TOO_LONG),
        ("saml", "import", "aha26", TOO_LONG),
        ("up", "--data-folder", TOO_LONG),
        ("db", "upgrade"),
    ],
)
def test_a_file_that_the_system_refuses_to_look_for_is_a_sentence_in_every_command(cli, event, arguments):
    if arguments[0] == "db":
        event = {**event, "SESSION_STATUS_DATA_FOLDER": TOO_LONG}
    result = cli(*arguments, env=event)
    assert result.exit_code == 2
    assert TOO_LONG in result.stderr
    assert "Traceback" not in result.stderr


def entries(env):
    database = Database(f"sqlite:///{env['SESSION_STATUS_DATA_FOLDER']}/session-status.db")
    with database.reading() as db:
        found = [entry for entry in audit.recent(db, implementation="aha26") if entry.action.startswith("agenda.")]
    database.dispose()
    return found


def test_an_agenda_is_imported_once_with_an_audit_entry_and_the_second_time_changes_nothing(cli, event, write_file):
    file = write_file("agenda.csv", AGENDA)
    preview = cli("sessions", "import", "aha26", file, "--preview", env=event)
    assert (preview.exit_code, entries(event)) == (0, [])
    assert "Mon 04 May 2026, 09:00 to 10:00  S-1 Opening" in preview.stdout
    assert preview.stdout.endswith("1 added, 0 changed, 0 unchanged, 0 retired. Nothing was imported.\n")
    done = cli("sessions", "import", "aha26", file, "--reason", "May", env=event)
    assert done.stdout == "1 added, 0 changed, 0 unchanged, 0 retired\n"
    again = cli("sessions", "import", "aha26", file, env=event)
    assert again.stdout == "0 added, 0 changed, 1 unchanged, 0 retired\n"
    (entry,) = entries(event)
    assert (entry.actor, entry.action, entry.reason) == ("command line", "agenda.imported", "May")
    assert {"added": 1, "file": "agenda.csv", "dates": "iso"}.items() <= entry.detail.items()
    assert entry.detail["system_user"]


def test_faults_of_an_agenda_name_row_column_and_value_and_nothing_is_imported(cli, event, write_file):
    file = write_file("agenda.csv", AGENDA + "S-2,,2026-05-04 09:00,never\n" + "S-3,Late,soon,2026-05-04 09:00\n" * 300)
    for more in ((), ("--preview",)):
        result = cli("sessions", "import", "aha26", file, *more, env=event)
        assert result.exit_code == 1
        assert "Row 3, column Title: is missing" in result.stderr
        assert "Row 3, column End Time: must be a date with a time" in result.stderr
        assert "(found: “never”)" in result.stderr
        assert "300 rows: column Start Time: must be" in result.stderr
        assert len(result.stderr.splitlines()) < 10
    assert entries(event) == []
    assert cli("sessions", "import", "aha26", write_file("good.csv", AGENDA), env=event).stdout.startswith("1 added")


def test_a_preview_says_what_columns_were_taken_for_and_what_else_a_session_has(cli, event, write_file):
    file = write_file(
        "agenda.csv", "ID,Title,Start Time,End Time,Location,Credit\nS-1,A,2026-05-04 09:00,2026-05-04 10:00,Hall,1\n"
    )
    shown = cli("sessions", "import", "aha26", file, "--preview", env=event)
    assert shown.stdout.startswith(
        "Columns: ID, Title, Start Time, End Time, Location.\nAttributes: Credit.\nDates: year first (2026-07-15)."
    )
    assert "S-1 A (Location: Hall)" in shown.stdout
    assert "“Credit” is kept as an attribute. If it is the credits, call the column Credits." in shown.stderr


def test_dates_that_can_be_read_in_two_ways_are_chosen_on_the_command_line(cli, event, write_file):
    file = write_file("agenda.csv", "ID,Title,Start Time,End Time\nS-1,A,03/04/2026 9:00 AM,03/04/2026 10:00 AM\n")
    asked = cli("sessions", "import", "aha26", file, env=event)
    assert asked.exit_code == 1
    assert "Wednesday 4 March 2026, 09:00 (month-first) or Friday 3 April 2026, 09:00 (day-first)" in asked.stderr
    assert "--dates month-first or --dates day-first" in asked.stderr
    shown = cli("sessions", "import", "aha26", file, "--dates", "month-first", "--preview", env=event)
    assert "Wed 04 Mar 2026, 09:00 to 10:00" in shown.stdout
    assert cli("sessions", "import", "aha26", file, "--dates", "guess", env=event).exit_code == 2
    done = cli("sessions", "import", "aha26", file, "--dates", "day-first", env=event)
    assert (done.exit_code, done.stderr) == (0, "Dates: day first (15/7/2026).\n")
    assert entries(event)[0].detail["dates"] == "day-first"


def test_sessions_that_are_gone_are_retired_and_the_import_is_undone_on_the_command_line(cli, event, write_file):
    assert cli("sessions", "undo", "aha26", env=event).exit_code == 2
    cli("sessions", "import", "aha26", write_file("a.csv", AGENDA), env=event)
    new = write_file("b.csv", AGENDA.replace("S-1", "S-2"))
    preview = cli("sessions", "import", "aha26", new, "--preview", env=event).stdout
    assert "1 not in the file; they stay:\n  Mon 04 May 2026, 09:00 to 10:00  S-1 Opening" in preview
    done = cli("sessions", "import", "aha26", new, "--retire-missing", env=event)
    assert done.stdout == "1 added, 0 changed, 0 unchanged, 1 retired\n"
    assert "b.csv" in cli("sessions", "undo", "aha26", "--preview", env=event).stdout
    undone = cli("sessions", "undo", "aha26", env=event)
    assert undone.stdout == "1 session restored, 1 session retired (added by the import)\n"
    assert [entry.action for entry in entries(event)] == ["agenda.import_undone", "agenda.imported", "agenda.imported"]


def test_a_secret_comes_from_standard_input_or_a_variable_and_is_never_shown(cli, event):
    base = (
        "connection",
        "add",
        "aha26",
        "ce",
        "--base-url",
        "https://cme.example.org",
        "--auth",
        "basic",
        "--auth-field",
        "user=u",
    )
    assert cli(*base, "--secret-stdin", env=event, stdin="hunter22\n").exit_code == 0
    for command in (("connection", "list", "aha26"), ("connection", "list", "aha26", "--json")):
        result = cli(*command, env=event)
        assert "cme.example.org" in result.stdout
        assert "hunter22" not in result.output
    again = cli("connection", "set", "aha26", "ce", "--base-url", "https://other.example", env=event)
    assert (again.exit_code, "secret" in again.stderr) == (2, True)
    moved = ("connection", "set", "aha26", "ce", "--base-url", "https://other.example", "--secret-env", "THE_SECRET")
    assert cli(*moved, env={**event, "THE_SECRET": "hunter23"}).exit_code == 0
    assert cli("connection", "reseal", env=event).stdout == "Encrypted 1 secret with the current key.\n"
    assert cli("connection", "remove", "aha26", "ce", "--yes", env=event).exit_code == 0


def test_resealing_with_a_key_that_does_not_fit_names_each_secret_and_what_to_do(cli, event):
    add = ("connection", "add", "aha26", "ce", "--base-url", "https://vendor.example", "--auth", "bearer")
    added = cli(*add, "--secret-env", "THE_SECRET", env={**event, "THE_SECRET": "hunter22"})
    assert added.exit_code == 0, added.stderr
    result = cli("connection", "reseal", env={**event, "SESSION_STATUS_SECRET_KEY": "w" * 40})
    assert result.exit_code != 0
    assert "no key decrypts the secret of the connection ce of aha26. Put the key that sealed it into" in result.stderr
    assert "connection set aha26 ce --new-secret" in result.stderr


def test_no_option_takes_a_secret_as_an_argument(cli):
    for command in (("connection", "add"), ("connection", "set")):
        text = cli(*command, "--help").stdout
        assert "--secret-stdin" in text
        assert "--secret " not in text
        assert "--password" not in text


def test_a_script_is_put_in_service_and_a_bad_one_changes_nothing(cli, event, write_file):
    good = write_file("good.py", 'def status(user, session, api):\n    return message("Hi")\n')
    assert cli("script", "activate", "aha26", good, env=event).stdout == "Version 1 is now active for aha26.\n"
    assert cli("script", "activate", "aha26", good, env=event).stdout == "Version 1 is now active for aha26.\n"
    bad = cli("script", "activate", "aha26", write_file("bad.py", "import os\n"), env=event)
    assert (bad.exit_code, "Nothing was changed for aha26" in bad.stderr) == (1, True)


def test_a_script_from_standard_input_or_a_folder_is_put_in_service(cli, event, write_file, tmp_path):
    good = 'def status(user, session, api):\n    return message("Hi")\n'
    piped = cli("script", "activate", "aha26", "-", env=event, stdin=good)
    assert piped.stdout == "Version 1 is now active for aha26.\n"
    write_file("script.py", good)
    assert cli("script", "activate", "aha26", tmp_path, env=event).stdout == "Version 1 is now active for aha26.\n"


def test_a_database_of_no_or_another_release_is_told(cli, records, tmp_path):
    other = {**records, "SESSION_STATUS_DATA_FOLDER": str(tmp_path / "other")}
    (tmp_path / "other").mkdir()
    result = cli("implementation", "list", env=other)
    assert (result.exit_code, "session-status db upgrade" in result.stderr) == (2, True)


def test_faulty_settings_are_told_all_at_once(cli):
    env = {"SESSION_STATUS_ENV": "production", "SESSION_STATUS_WEB_THREADS": "many", "SESSION_STATUS_WORKR": "1"}
    result = cli("implementation", "list", env=env)
    assert result.exit_code == 2
    for says in ("WEB_THREADS", "SESSION_STATUS_WORKR", "SECRET_KEY", "DATABASE_URL"):
        assert says in result.stderr


def test_web_and_worker_need_a_store(cli, records):
    for command in ("web", "worker"):
        result = cli(command, env=records)
        assert (result.exit_code, "REDIS_URL" in result.stderr) == (2, True)


def every_command(group, path=()):
    yield path, group
    for name, command in getattr(group, "commands", {}).items():
        yield from every_command(command, (*path, name))


def test_every_command_has_a_help_text_with_an_example(cli):
    from web.cli import main

    for path, command in every_command(main):
        result = cli(*path, "--help")
        assert result.exit_code == 0
        assert len(command.help or "") > 15, path
        if not hasattr(command, "commands") and path[-1] not in ("list", "show", "remove", "import"):
            assert "Examples:" in result.stdout, path


def test_a_file_which_is_no_database_is_told_in_a_sentence(cli, tmp_path):
    (tmp_path / "session-status.db").write_bytes(b"this is not a database, but a text " * 200)
    env = {
        "SESSION_STATUS_ENV": "development",
        "SESSION_STATUS_DATA_FOLDER": str(tmp_path),
        "SESSION_STATUS_SECRET_KEY": "k" * 40,
    }
    for command in (("implementation", "list"), ("db", "upgrade")):
        result = cli(*command, env=env)
        assert (result.exit_code, result.stderr) == (
            2,
            "session-status: The database cannot be read: file is not a database.\n",
        )
    told = cli("doctor", env=env)
    assert told.exit_code == 1
    assert "the database cannot be read: file is not a database" in told.stdout


def test_a_suspended_version_is_told_by_show_and_by_the_doctor(cli, event, write_file):
    one, two = (
        write_file(name, f"def status(user, session, api):\n    return message('{name}')\n")
        for name in ("1.py", "2.py")
    )
    assert cli("script", "activate", "aha26", one, env=event).exit_code == 0
    assert cli("script", "activate", "aha26", two, env=event).exit_code == 0
    assert "version 2 is active" in cli("implementation", "show", "aha26", env=event).stdout
    database = Database(f"sqlite:///{event['SESSION_STATUS_DATA_FOLDER']}/session-status.db")
    with database.session() as db:
        bad = deployments.active_version(db, implementations.find(db, "aha26"))
        deployments.suspend(db, bad, "security alarm in run 7", "test")
    database.dispose()
    shown = json.loads(cli("implementation", "show", "aha26", "--json", env=event).stdout)["script"]
    assert shown == "no version is active; version 2 is suspended: security alarm in run 7"
    doctor = cli("doctor", env=event)
    assert "version 2 of aha26 is suspended: security alarm in run 7" in doctor.stdout
    assert doctor.exit_code == 0
    assert cli("script", "activate", "aha26", one, env=event).exit_code == 0
    assert "version 1 is active; version 2 is suspended" in cli("implementation", "show", "aha26", env=event).stdout


def test_runs_in_which_the_interpreter_died_are_told_by_the_doctor(cli, event, write_file):
    script = write_file("1.py", "def status(user, session, api):\n    return hidden()\n")
    assert cli("script", "activate", "aha26", script, env=event).exit_code == 0
    database = Database(f"sqlite:///{event['SESSION_STATUS_DATA_FOLDER']}/session-status.db")
    error = {
        "type": "SIGSEGV",
        "line": None,
        "text": "the interpreter died with SIGSEGV; lines 1 to 2",
        "signal": "SIGSEGV",
    }
    now = datetime.now(UTC)
    with database.session() as db:
        version = deployments.active_version(db, implementations.find(db, "aha26")).sha256
        for number, ago in enumerate((timedelta(hours=25), timedelta(hours=2), timedelta(minutes=1))):
            runs.record_many(
                db,
                [RunRecord(f"r{number}", "aha26", "u", "s", version, now - ago, "crashed", "hidden", error=error)],
            )
    database.dispose()
    told = cli("doctor", env=event).stdout
    assert "version 1 of aha26 crashed the interpreter in 2 runs of the last 24 hours, last in run r2" in told
    assert "SIGSEGV; lines 1 to 2" in told


def test_a_script_whose_settings_are_not_there_is_activated_when_that_is_said(cli, event, write_file):
    script = write_file("a.py", "def status(user, session, api):\n    return message(api.settings['claim_url'])\n")
    refused = cli("script", "activate", "aha26", script, env=event)
    assert refused.exit_code == 2
    assert "aha26 has no setting named claim_url for its script." in refused.stdout  # where the script reads it
    assert "session-status implementation set aha26 script_settings=" in refused.stderr  # and what sets it
    assert cli("script", "activate", "aha26", script, "--anyway", env=event).exit_code == 0
