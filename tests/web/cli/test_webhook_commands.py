"""The webhook at the command line: set with a secret that is printed once, tested, replaced, switched off, and its log."""

import json

import pytest

from records import Database, audit
from records.tenants import implementations
from records.webhooks import webhook

ADDRESS = "https://credits.example.org/hooks"


@pytest.fixture
def event(cli, records):
    assert cli("implementation", "add", "aha26", "--name", "AHA", env=records).exit_code == 0
    return records


@pytest.fixture
def run(cli, event):
    return lambda *words: cli("webhook", *words, env=event)


def test_a_webhook_is_set_and_its_secret_is_printed_once(run, event):
    made = run("set", "aha26", "--address", ADDRESS)
    assert made.stdout.startswith("whsec_")
    assert "not shown again" in made.stderr
    assert run("set", "aha26", "--address", ADDRESS).stdout == "Nothing was changed.\n"
    assert run("set", "aha26", "--event", "attendance.corrected", "--names").stdout == "Saved.\n"
    shown = run("show", "aha26").stdout
    assert f"Address: {ADDRESS}\nTold of: attendance.corrected, with names\nState:   on since" in shown
    database = Database(f"sqlite:///{event['SESSION_STATUS_DATA_FOLDER']}/session-status.db")
    with database.reading() as db:
        assert webhook.find(db, implementations.find(db, "aha26")).with_names
        entries = json.dumps([each.detail for each in audit.recent(db)])
    database.dispose()
    assert made.stdout.strip() not in shown + entries


def test_a_test_is_sent_the_secret_replaced_and_the_webhook_switched_off_and_on(run):
    run("set", "aha26", "--address", ADDRESS)
    assert "on its way" in run("test", "aha26").stdout
    listed = run("log", "aha26").stdout
    assert "webhook.test  waiting" in listed
    number = listed.splitlines()[1].split()[0]
    assert run("replay", "aha26", number).stdout == "Nothing was changed.\n"
    assert run("new-secret", "aha26").stdout.startswith("whsec_")
    assert run("off", "aha26").stdout == "Switched off.\n"
    assert "dropped" in run("log", "aha26", "--state", "dropped").stdout
    assert "is switched off" in run("test", "aha26").stderr
    assert run("on", "aha26").stdout == "Switched on.\n"
    assert run("replay", "aha26", number).stdout == "It is sent again.\n"


@pytest.mark.parametrize("address", ["http://credits.example.org/", "https://10.0.0.1/", ""])
def test_an_address_that_may_not_be_called_is_refused(run, address):
    refused = run("set", "aha26", "--address", address)
    assert refused.exit_code != 0
    assert "Address" in refused.stderr
    assert "has no webhook" in run("show", "aha26").stderr
