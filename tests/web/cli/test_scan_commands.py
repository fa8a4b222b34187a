"""Scans at the command line: added, listed, voided, erased, verified."""

import json

import pytest

AGENDA = "ID,Title,Start Time,End Time\r\nCE-1,Sepsis,2026-05-04 09:00,2026-05-04 10:00\r\n"
WHY = ("--reason", "came without a badge")


@pytest.fixture
def event(cli, records, write_file):
    assert cli("implementation", "add", "aha26", "--name", "AHA", env=records).exit_code == 0
    assert cli("sessions", "import", "aha26", write_file("agenda.csv", AGENDA), env=records).exit_code == 0
    return records


def test_a_scan_is_added_listed_voided_and_the_ledger_verified(cli, event):
    here = ("--session", "CE-1", "--badge", "B-7", "--at", "2026-05-04T09:10+00:00")
    added = cli("scans", "add", "aha26", *here, *WHY, "--last-name", "Chen", env=event)
    assert added.exit_code == 0, added.stderr
    scan = added.stdout.strip()
    listed = cli("scans", "list", "aha26", "--badge", "B-7", "--session", "CE-1", env=event).stdout
    assert f"{scan}  " in listed
    assert "no such scan" in cli("scans", "list", "aha26", "--badge", "B-8", env=event).stdout
    (row,) = json.loads(cli("scans", "list", "aha26", "--json", env=event).stdout)
    assert (row["scan_id"], row["badge_id"], row["corrected_at"]) == (scan, "B-7", "2026-05-04T09:10:00+00:00")
    assert cli("scans", "void", "aha26", scan, *WHY, env=event).stdout == f"Voided {scan}.\n"
    assert cli("scans", "void", "aha26", scan, *WHY, env=event).stdout == "Nothing was changed.\n"
    assert cli("scans", "erase", "aha26", "B-7", *WHY, env=event).stdout == "The names of 1 scan were erased.\n"
    verified = cli("scans", "verify", "aha26", env=event)
    assert verified.stdout.startswith("Nothing was altered: 3 rows are as written.\nhead  3:")
    assert json.loads(cli("scans", "verify", "aha26", "--json", env=event).stdout)["ok"] is True
    assert cli("scans", "refused", "aha26", env=event).stdout == "No scan of aha26 was refused.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("void", "aha26", "x", *WHY), "is not the id of a scan"),
        (("void", "aha26", "x"), "--reason"),
        (("erase", "aha26", "B-1", *WHY), "has no names"),
        (
            ("add", "aha26", "--session", "CE-1", "--badge", "B", "--at", "2026-05-04T09:10", *WHY),
            "time with its offset",
        ),
        (("add", "aha26", "--session", "CE-2", "--badge", "B", "--at", "2026-05-04T09:10Z", *WHY), "not a session"),
    ],
)
def test_what_is_wrong_is_said(cli, event, arguments, said):
    refused = cli("scans", *arguments, env=event)
    assert refused.exit_code == 2
    assert said in refused.stderr


def test_a_report_is_written_made_again_and_verified(cli, event, tmp_path):
    here = ("--session", "CE-1", "--badge", "B-7", "--at", "2026-05-04T09:10+00:00", "--last-name", "Chen")
    cli("scans", "add", "aha26", *here, *WHY, env=event)
    out = tmp_path / "scans.csv"
    made = cli("report", "scans", "aha26", "--out", out, env=event)
    assert made.stdout.startswith(f"1 scan in {out}.\nas of   ")
    as_of = made.stdout.splitlines()[1].split()[-1]
    before = out.read_bytes()
    cli("scans", "add", "aha26", *here, *WHY, env=event)
    again = cli("report", "scans", "aha26", "--as-of", as_of, "--out", out, env=event)
    assert (again.stdout, out.read_bytes()) == (made.stdout, before)
    verified = cli("report", "verify", "aha26", out, env=event)
    assert verified.stdout == f"It is what the ledger gives as of {as_of}.\n"
    cli("scans", "erase", "aha26", "B-7", *WHY, env=event)
    assert "only by one erased person" in cli("report", "verify", "aha26", out, env=event).stdout
    out.write_bytes(before.replace(b"Chen", b"Wu"))
    changed = cli("report", "verify", "aha26", out, env=event)
    assert changed.exit_code == 1
    assert "was changed" in changed.stderr
    refused = cli("report", "scans", "aha26", "--columns", "email", "--out", out, env=event)
    assert (refused.exit_code, "must be some of session" in refused.stderr) == (2, True)


def test_the_sessions_are_reported_with_minutes_and_verified_after_the_agenda_changed(cli, event, tmp_path, write_file):
    here = ("--session", "CE-1", "--badge", "B-7", "--at", "2026-05-04T09:10+00:00")
    cli("scans", "add", "aha26", *here, *WHY, env=event)
    out = tmp_path / "sessions.csv"
    made = cli("report", "sessions", "aha26", "--columns", "session,people,minutes", "--out", out, env=event)
    assert made.stdout.startswith(f"1 session in {out}.\nas of   ")
    assert out.read_text("utf-8-sig").splitlines() == ["Session ID,People,Minutes", "CE-1,1,50"]
    scans = tmp_path / "scans.csv"
    assert (
        cli("report", "scans", "aha26", "--badge", " B-7 ", "--columns", "minutes", "--out", scans, env=event).exit_code
        == 0
    )
    assert scans.read_text("utf-8-sig").splitlines() == ["Minutes", "50"]
    later = write_file("later.csv", AGENDA.replace("10:00", "11:00"))
    assert cli("sessions", "import", "aha26", later, env=event).exit_code == 0
    for file in (out, scans):
        assert cli("report", "verify", "aha26", file, env=event).exit_code == 0
    refused = cli("report", "sessions", "aha26", "--columns", ",", "--out", out, env=event)
    assert (refused.exit_code, "must name a column" in refused.stderr) == (2, True)


@pytest.fixture
def conflict(cli, event, write_file):
    """A badge that was at both sessions, which are at the same time."""
    agenda = AGENDA + "CE-2,Stroke,2026-05-04 09:00,2026-05-04 10:00\r\n"
    assert cli("sessions", "import", "aha26", write_file("two.csv", agenda), env=event).exit_code == 0
    for session in ("CE-1", "CE-2"):
        here = ("--session", session, "--badge", "B-7", "--at", "2026-05-04T09:10+00:00")
        assert cli("scans", "add", "aha26", *here, *WHY, env=event).exit_code == 0
    return event


def test_what_is_open_is_listed_and_decided_once(cli, conflict):
    assert "conflict  B-7    CE-1           CE-2" in cli("scans", "questions", "aha26", env=conflict).stdout
    which = ("B-7", "--first", "CE-1", "--second", "CE-2")
    assert cli("scans", "decide", "aha26", *which, "--choice", "leave", *WHY, env=conflict).stdout == "Decided.\n"
    again = cli("scans", "decide", "aha26", *which, "--choice", "leave", *WHY, env=conflict)
    assert again.stdout == "Nothing was changed.\n"
    assert "Nothing waits for a decision" in cli("scans", "questions", "aha26", env=conflict).stdout
    refused = cli("scans", "decide", "aha26", *which, "--choice", "first", *WHY, env=conflict)
    assert (refused.exit_code, "decided meanwhile" in refused.stderr) == (2, True)


def test_a_decision_voids_what_does_not_count(cli, conflict):
    which = ("B-7", "--first", "CE-1", "--second", "CE-2", "--choice", "second")
    assert cli("scans", "decide", "aha26", *which, *WHY, env=conflict).stdout == "Decided.\n"
    listed = json.loads(cli("scans", "list", "aha26", "--json", env=conflict).stdout)
    assert [each["session_id"] for each in listed] == ["CE-2"]


def test_disputes_and_retention_are_told(cli, conflict):
    assert "No dispute of aha26" in cli("scans", "disputes", "aha26", env=conflict).stdout
    refused = cli("scans", "answer", "aha26", "7", "They count now.", env=conflict)
    assert (refused.exit_code, "is not there" in refused.stderr) == (2, True)
    cli("implementation", "set", "aha26", "keep_names_days=30", env=conflict)
    told = cli("scans", "retention", "aha26", env=conflict).stdout
    assert "30 days" in told
    assert "refused scans" in told
