"""`implementation archive`, `restore` and `remove`: what they say before, and what is gone after, also in the store."""

import json

import pytest

from records import Database, UserProfile
from records.people import users
from records.tenants import implementations
from runner.logins import LoginStore
from runner.status.cache import StatusCache
from tests.support.people import visitor


@pytest.fixture
def event(cli, records, redis, valkey_url):
    """An implementation `aha26` with a user, beside `other`; a store that is marked."""
    env = {**records, "REDIS_URL": valkey_url}
    for slug in ("aha26", "other"):
        assert cli("implementation", "add", slug, "--name", slug.title(), env=env).exit_code == 0
        assert cli("users", "add", slug, "165", "--username", "mei", env=env).exit_code == 0
    return env


def test_archived_ends_logins_and_drops_the_cache_of_this_one_only_and_can_be_undone(cli, event, redis):
    store = LoginStore(redis)
    mine, theirs = visitor("aha26", "165"), visitor("other", "165")
    for slug in ("aha26", "other"):
        redis.hset(StatusCache.key(slug, "165", "S-1", "e"), "body", "{}")
    assert cli("implementation", "archive", "aha26", "--reason", "over", env=event).exit_code == 0
    for who, ended in ((mine, True), (theirs, False)):
        assert store.ended_logins.is_ended(who.implementation, who.subject, who.login, who.since) is ended
    assert [key.decode()[:9] for key in redis.keys("st:{*")] == ["st:{other"]
    [row] = [one for one in json.loads(cli("implementation", "list", "--json", env=event).stdout) if one["archived_at"]]
    assert row["slug"] == "aha26"
    assert "is archived" in cli("status", "get", "aha26", "S-1", "--user", "165", env=event).stderr
    assert "not archived" in cli("implementation", "restore", "other", env=event).stderr
    assert cli("implementation", "restore", "aha26", env=event).exit_code == 0
    assert store.ended_logins.is_ended("aha26", "165", mine.login, mine.since)
    assert "aha26 is archived" not in cli("status", "get", "aha26", "S-1", "--user", "165", env=event).stderr


def test_removing_shows_what_goes_and_needs_the_slug_in_full(cli, event):
    assert "in use: archive it first" in cli("implementation", "remove", "aha26", "--yes", env=event).stderr
    assert cli("implementation", "archive", "aha26", env=event).exit_code == 0
    preview = cli("implementation", "remove", "aha26", "--preview", env=event)
    assert preview.stdout.splitlines() == ["Deleted with aha26:", "         1  user", "Its audit entries stay."]
    for typed in ("\n", "other\n", "AHA26\n"):
        refused = cli("implementation", "remove", "aha26", env=event, stdin=typed)
        assert (refused.exit_code, "typed in full" in refused.stderr) == (2, True)
    assert cli("implementation", "show", "aha26", env=event).exit_code == 0
    assert cli("implementation", "remove", "aha26", env=event, stdin="aha26\n").exit_code == 0
    assert cli("implementation", "show", "aha26", env=event).exit_code == 2
    actions = [
        one["action"]
        for one in json.loads(cli("audit", "list", "--implementation", "aha26", "--json", env=event).stdout)
    ]
    assert actions == ["implementation.removed", "implementation.archived", "user.described", "implementation.added"]
    assert cli("audit", "verify", env=event).exit_code == 0


def test_a_login_of_a_removed_implementation_does_not_open_another_of_the_same_name(cli, event, redis):
    store, before = LoginStore(redis), visitor("aha26", "165")
    for words in (("archive", "aha26"), ("remove", "aha26", "--yes"), ("add", "aha26", "--name", "Another")):
        assert cli("implementation", *words, env=event).exit_code == 0
    database = Database(f"sqlite:///{event['SESSION_STATUS_DATA_FOLDER']}/session-status.db")
    with database.session() as db:
        users.remember(db, implementations.find(db, "aha26"), "165", UserProfile("somebody else"))
    database.dispose()
    assert store.ended_logins.is_ended("aha26", "165", before.login, before.since)


def test_when_the_store_is_away_it_is_said_that_logins_may_be_there(cli, event):
    away = cli("implementation", "archive", "aha26", env={**event, "REDIS_URL": "unix:///nonexistent"})
    assert away.exit_code == 2
    assert "The database was changed, but the store does not answer" in away.stderr


def test_a_status_is_not_asked_for_in_vain_when_the_store_is_away(cli, event, write_file):
    agenda = write_file("agenda.csv", "ID,Title,Start Time,End Time\nS-1,Sepsis,2026-05-04 09:00,2026-05-04 10:00\n")
    assert cli("sessions", "import", "aha26", agenda, env=event).exit_code == 0
    script = write_file("status.py", "def status(user, session, api):\n    return hidden()\n")
    assert cli("script", "activate", "aha26", script, env=event).exit_code == 0
    away = {**event, "REDIS_URL": "unix:///nonexistent"}
    result = cli("status", "get", "aha26", "S-1", "--user", "165", env=away)
    assert (result.exit_code, "The store does not answer" in result.stderr) == (2, True)


def test_staff_and_unknown_ones_are_refused(cli, event):
    assert cli("administrator", "link", env={**event, "SESSION_STATUS_PUBLIC_URL": "http://127.0.0.1:1"}).exit_code == 0
    assert "it stays" in cli("implementation", "archive", "staff", env=event).stderr
    assert "There is no implementation" in cli("implementation", "remove", "nope", "--yes", env=event).stderr


def test_everybody_of_a_large_implementation_is_logged_out(redis):
    ended, known = LoginStore(redis).ended_logins, [visitor("aha26", str(number)) for number in range(2500)]
    ended.end_everybody("aha26", [one.subject for one in known])
    for one in (known[0], known[999], known[1000], known[-1]):
        assert ended.is_ended("aha26", one.subject, one.login, one.since)
