"""Facts at the command line: secrets are made, listed and revoked, and it says what is known."""

import json
from datetime import UTC, datetime

import pytest

from records import Database, audit
from records.facts import fact_storage
from records.facts.fact_storage import FactBatch, FactSource
from records.people import users
from records.tenants import implementations


@pytest.fixture
def event(cli, records):
    assert cli("implementation", "add", "aha26", "--name", "AHA", env=records).exit_code == 0
    return records


@pytest.fixture
def database(event):
    database = Database(f"sqlite:///{event['SESSION_STATUS_DATA_FOLDER']}/session-status.db")
    yield database
    database.dispose()


@pytest.fixture
def run(cli, event):
    return lambda *words: cli("facts", *words, env=event)


def test_a_secret_is_printed_once_listed_and_revoked(run, database):
    made = run("secret", "create", "aha26")
    assert made.stdout.startswith("whsec_")
    assert "not shown again" in made.stderr
    run("secret", "create", "aha26")
    listed = run("secret", "list", "aha26").stdout.splitlines()
    assert [line.split()[1] for line in listed[1:]] == ["valid", "ends"]
    number = listed[1].split()[0]
    assert run("secret", "revoke", "aha26", number, "--reason", "it leaked").stdout == f"Secret {number} is revoked.\n"
    assert run("secret", "revoke", "aha26", number).stdout == "Nothing was changed.\n"
    assert "not one of this implementation" in run("secret", "revoke", "aha26", "99").stderr
    with database.reading() as db:
        entries = json.dumps([[each.action, each.detail] for each in audit.recent(db)])
    assert "facts.secret_revoked" in entries
    assert made.stdout.strip() not in entries + "\n".join(listed)


def test_it_says_what_is_known_by_session_and_of_one_user(run, database):
    assert run("show", "aha26").stdout == "aha26 has no facts.\n"
    with database.session() as db:
        owner = implementations.find(db, "aha26")
        users.remember(db, owner, "165", users.UserProfile("mei"))
        fact_storage.store(db, owner, FactBatch("", datetime.now(UTC), FactSource.PUSHED, {"165": {"member": True}}))
    assert "whole event  pushed  1" in run("show", "aha26").stdout
    assert '{"member": true}' in run("show", "aha26", "--user", "165").stdout
    assert "no user with the ID 166" in run("show", "aha26", "--user", "166").stderr


def test_without_a_store_nobody_can_be_told_to_prepare_facts(run):
    answer = run("prepare", "aha26", "CE-1")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "No store is set" in answer.stderr


def test_facts_are_prepared_for_a_session_of_the_agenda_only(run, event, valkey_url, redis, monkeypatch):
    event["REDIS_URL"] = valkey_url
    answer = run("prepare", "aha26", "CE-1")
    assert answer.exit_code == 2
    assert "not in the agenda" in answer.stderr


def test_what_is_known_about_a_user_is_forgotten_with_an_audit_entry(run, database):
    with database.session() as db:
        owner = implementations.find(db, "aha26")
        users.remember(db, owner, "165", users.UserProfile("mei"))
        users.remember(db, owner, "166", users.UserProfile("ada"))
        batch = FactBatch("", datetime.now(UTC), FactSource.PUSHED, {"165": {"card": "4711"}, "166": {"n": 1}})
        fact_storage.store(db, owner, batch)
    assert run("forget", "aha26", "165", "--reason", "asked for erasure").stdout == "1 fact deleted.\n"
    assert run("forget", "aha26", "165").stdout == "Nothing was changed.\n"
    assert run("show", "aha26", "--user", "165").stdout == "Nothing is known.\n"
    assert "whole event  pushed  1" in run("show", "aha26").stdout
    with database.reading() as db:
        entry = audit.recent(db)[0]
    assert (entry.action, entry.target, entry.reason) == ("facts.forgotten", "165", "asked for erasure")
    assert "4711" not in json.dumps(entry.detail)
