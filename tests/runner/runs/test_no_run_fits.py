"""The list of runs: whose runs are meant is found as people say it, and where none fits, what else to look at."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from records import RunRecord, audit
from records.people import users
from records.scripts import runs
from records.tenants import implementations
from tests.runner.explanations.support import command
from web.time_format import moment

NOW = datetime.now(UTC)


@pytest.fixture
def acme(house):
    """Two people called Chen, one run of Mei's and one of somebody who is gone."""
    house.add(source="", sessions=("s1", "s2"))
    with house.database.session() as db:
        owner = implementations.find(db, "acme")
        users.remember(db, owner, "u-1", users.UserProfile("mei@example.org", "member", "Mei", "Chen", "B-17"))
        users.remember(db, owner, "u-2", users.UserProfile("li@example.org", "member", "Li", "Chen"))
        for user, session in (("u-1", "s1"), ("gone", "old")):
            runs.record_many(db, [RunRecord(f"run-{user}", "acme", user, session, "a" * 64, NOW, "returned", "fresh")])
    return house


def listed(house, *options):
    return [run["user"] for run in json.loads(command(house, "runs", "list", "acme", *options, "--json").stdout)]


@pytest.mark.parametrize("said", ["Mei Chen", "mei chen", "B-17", "mei@example.org", "u-1"])
def test_a_person_is_named_as_people_say_it(acme, said):
    assert listed(acme, "--user", said) == ["u-1"]


def test_a_session_is_named_by_its_title_and_what_is_gone_by_its_key(acme):
    assert listed(acme, "--session", "Session s1") == ["u-1"]
    with acme.database.session() as db:  # in whose name the key of the other stands
        users.remember(
            db, implementations.find(db, "acme"), "u-3", users.UserProfile("x@example.org", "", "Bygone", "Days")
        )
    assert listed(acme, "--user", "gone") == listed(acme, "--session", "old") == ["gone"]


@pytest.mark.parametrize(
    ("option", "said", "words"),
    [
        ("--user", "Mei Chan", "acme has no user 'Mei Chan', and no run for one."),
        ("--session", "NOPE", "acme has no session 'NOPE', and no run for one."),
        ("--user", "chen", "More than one user of acme matches 'chen'. Use one of these IDs:\n    u-2  Li Chen\n"),
        (
            "--session",
            "session",
            "More than one session of acme matches 'session'. Use one of these IDs:\n    s1  Session s1\n",
        ),
    ],
)
def test_who_is_not_known_or_not_the_only_one_is_said_and_fails(acme, option, said, words):
    told = command(acme, "runs", "list", "acme", option, said)
    assert (told.exit_code, words in told.stderr) == (2, True)


def test_status_get_takes_a_person_as_people_say_it(acme):
    told = command(acme, "status", "get", "acme", "s1", "--user", "Mei Chen")
    assert (told.exit_code, "No version is active" in told.stdout) == (0, True)


def test_where_no_run_fits_the_changes_of_that_time_are_listed(acme):
    changes = (
        ("settings.changed", "", {"user_types": [[], ["staff"]]}),
        ("user.described", "u-2", {}),
        ("user.described", "u-1", {}),
        ("grant.added", "u-2", {}),
    )
    with acme.database.session() as db:
        for action, target, detail in changes:
            audit.append(db, actor="command line", action=action, target=target, implementation="acme", detail=detail)
    told = command(acme, "runs", "list", "acme", "--user", "Li Chen").stdout
    assert told.startswith("No run matches.")
    assert "names the rule" in told
    lines = told[told.index("Changes in the 24 hours before") :].splitlines()[1:]
    assert [line.split()[2] for line in lines] == ["user.described", "settings.changed"]
    assert "Li Chen (u-2)" in lines[0]
    before = f"{NOW - timedelta(days=3):%Y-%m-%dT%H:%M}"
    told = command(acme, "runs", "list", "acme", "--since", before, "--until", "2d").stdout
    assert (
        "In that period, no setting, script, connection or agenda was changed that could affect what is shown" in told
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [("04:30", "2026-11-30T04:30"), ("4:30", "2026-11-30T04:30"), ("04:38", "2026-11-29T04:38")],
)
def test_a_time_of_day_is_the_last_there_was_in_the_conferences_zone(text, found):
    zone = ZoneInfo("America/New_York")
    now = datetime(2026, 11, 30, 4, 37, 30, tzinfo=zone)
    assert moment(text, zone.key, now.astimezone(UTC)) == datetime.fromisoformat(found).replace(tzinfo=zone)


@pytest.mark.parametrize("text", ["24:30", "4:3", "12:61", ":30"])
def test_what_is_no_time_of_day_is_refused(text):
    with pytest.raises(ValueError, match="must be a time such as 14:00"):
        moment(text, "UTC", NOW)
