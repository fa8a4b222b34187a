"""Devices that scan, at the command line: made with a token that is shown once, listed without it, revoked."""

import json

import pytest

from records import Database, audit
from records.attendance import devices
from records.tenants import implementations


@pytest.fixture
def event(cli, records):
    assert cli("implementation", "add", "aha26", "--name", "AHA", env=records).exit_code == 0
    return records


def test_a_device_is_made_listed_and_revoked(cli, event):
    make = ("scans", "device", "make", "aha26", "door-3", "--sessions", "CE-1, CE-2", "--hours", "10")
    made = cli(*make, "--from", "2026-05-04T08:00+02:00", env=event)
    text = made.stdout.strip()
    assert text.startswith("ssd_")
    assert "door-3 may scan for 10 hours" in made.stderr
    database = Database(f"sqlite:///{event['SESSION_STATUS_DATA_FOLDER']}/session-status.db")
    with database.reading() as db:
        owner = implementations.find(db, "aha26")
        assert devices.find_by_token(db, owner, text).name == "door-3"
        assert devices.find_by_token(db, owner, text + "x") is None
        entry = audit.recent(db, implementation="aha26")[0]
        assert (entry.action, entry.target, entry.detail["sessions"]) == (
            "scan_device.made",
            "door-3",
            ["CE-1", "CE-2"],
        )
        assert text not in json.dumps(entry.detail)
    listed = cli("scans", "device", "list", "aha26", env=event).stdout
    assert "door-3  ended  CE-1,CE-2" in listed
    assert text not in listed
    assert (
        cli("scans", "device", "revoke", "aha26", "door-3", "--reason", "lost", env=event).stdout == "Revoked door-3.\n"
    )
    assert cli("scans", "device", "revoke", "aha26", "door-3", env=event).stdout == "Nothing was changed.\n"
    assert "revoked" in cli("scans", "device", "list", "aha26", env=event).stdout
    database.dispose()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("make", "aha26", "d", "--from", "2026-05-04 08:00"), "must be a time with its offset"),
        (("make", "aha26", " "), "Name: is missing"),
        (("make", "aha26", "d", "--sessions", "a b"), "Sessions: must be 1 to 128"),
        (("revoke", "aha26", "none"), "none is not a device of aha26"),
    ],
)
def test_what_is_wrong_is_said(cli, event, arguments, said):
    refused = cli("scans", "device", *arguments, env=event)
    assert refused.exit_code == 2
    assert said in refused.stderr


def test_without_devices_the_list_says_how_to_make_one(cli, event):
    assert "`session-status scans device make` makes one" in cli("scans", "device", "list", "aha26", env=event).stdout
    made = cli("scans", "device", "make", "aha26", "door-1", env=event)
    assert made.exit_code == 0
    assert cli("scans", "device", "make", "aha26", "door-1", env=event).exit_code == 2
    assert "scans  all" in cli("scans", "device", "list", "aha26", env=event).stdout
