"""What support is told where no answer of a run is displayed: the rule that decides, or what the next look would show."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from records.agenda import sessions
from records.people import users
from records.scripts import deployments
from records.tenants import implementations
from tests.runner.conftest import START
from tests.runner.explanations.support import ANN, command, explained, grow_old, run_again, why

#: Works until the user has an attribute that the script trips over.
TRIPS = """
def status(user, session, api):
    if user.attributes.get("trips"):
        return message(user.attributes["no such key"])
    return message("Credit claimed")
"""


def lock_out(house, reason="lost phone"):
    with house.database.session() as db:
        users.disable(db, users.find(db, implementations.find(db, "acme"), "ann"), reason)


def retire(house, session="s1"):
    with house.database.session() as db:
        sessions.find(db, implementations.find(db, "acme"), session).retired_at = datetime.now(UTC)
    house.service.changed("acme")


def queued(house):
    return house.redis.llen("rq:queue:status")


def test_somebody_who_is_locked_out_is_told_first_and_no_run_is_started(house):
    house.add()
    lock_out(house)
    found = explained(house)
    assert found.displayed.state == "refused"
    assert why(house).startswith(f"Locked out since {datetime.now(UTC):%Y-%m-%d}")
    assert "(lost phone)" in why(house)
    assert "they see “Log in for session status info”, and logging in is refused" in why(house)
    told = command(house, "status", "get", "acme", "s1", "--user", "ann")
    assert (told.exit_code, told.stdout.startswith("Locked out since ")) == (0, True)
    values = json.loads(command(house, "status", "get", "acme", "s1", "--user", "ann", "--json").stdout)
    assert (values["state"], values["message"]["text"]) == ("login", "Log in for session status info")
    assert queued(house) == 0


def test_a_retired_session_and_an_archived_implementation_are_named_as_the_rule_and_start_no_run(house):
    house.add()
    retire(house)
    assert why(house).startswith("The agenda no longer contains the session s1: it has been retired since ")
    told = command(house, "status", "get", "acme", "s1", "--user", "ann")
    assert (
        told.exit_code,
        "The agenda no longer contains the session s1: it has been retired since" in told.stderr,
    ) == (2, True)
    with house.database.session() as db:
        implementations.find(db, "acme").archived_at = START
    assert why(house).startswith("Archived since 2026-05-04 09:00:00: this implementation is not served")
    assert queued(house) == 0


NOW = datetime.now(UTC).replace(microsecond=0)
HOUR = timedelta(hours=1)
RULES = {
    "user type": (
        NOW,
        {"user_types": ["staff"]},
        "This user has the user type “attendee”, and messages are shown only to these user types: staff.",
    ),
    "before": (
        NOW + HOUR,
        {"show_when": "during"},
        "Messages are shown during the session, which is not before {starts}.",
    ),
    "not yet over": (NOW, {"show_when": "after"}, "Messages are shown after the session, which is not before {ends}."),
    "over": (
        NOW - 3 * HOUR,
        {"show_when": "during"},
        "Messages are shown only during the session, and it ended at {ends}.",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_that_hides_a_message_is_named_and_no_run_is_started(house, rule):
    start, fields, words = RULES[rule]
    house.add(start=start, **fields)
    times = {"starts": f"{start:%Y-%m-%d %H:%M:%S}", "ends": f"{start + HOUR:%Y-%m-%d %H:%M:%S}"}
    assert why(house).startswith(words.format(**times))
    told = command(house, "status", "get", "acme", "s1", "--user", "ann").stdout
    assert words.format(**times) in told
    assert queued(house) == 0


def test_without_a_script_in_service_that_is_the_rule(house):
    house.add()
    with house.database.session() as db:
        deployments.suspend(db, deployments.active_version(db, implementations.find(db, "acme")), "test", "test")
    house.service.changed("acme")
    assert why(house) == "No version is active, so nothing is shown."


def test_a_sub_session_says_whose_message_it_shows(house, work_off):
    house.add(sessions=("s1", "s2"), parent="s1", inherit_from_parent=True)
    run_again(house, work_off)
    said = why(house, replace(ANN, session="s2"))
    assert said.startswith("A sub-session shows the message of the session that it is part of, s1. The script said so")


def test_without_a_fresh_answer_the_page_tells_what_the_next_look_shows_and_what_if_that_run_fails(house, work_off):
    house.add(source=TRIPS)
    run_again(house, work_off)
    key = house.service._resolve(ANN).key
    house.redis.hset(key, mapping={"fresh": 0, "keep": 0})
    found = explained(house)
    good = found.displayed.last_good
    assert (found.displayed.state, good.message.text) == ("nothing", "Credit claimed")
    assert why(house) == (
        "There is no fresh answer now. The next look starts a run and shows “Checking…” meanwhile. If that run fails, "
        f"the last good message is shown: “Credit claimed”, from {good.found_at:%Y-%m-%d %H:%M:%S} "
        f"(until {good.found_at + timedelta(hours=1):%Y-%m-%d %H:%M:%S})."
    )
    house.know(trips=True)
    house.service.ask(ANN)
    work_off()
    assert house.service.look(ANN).message.text == "Credit claimed"  # and that was true


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"fallback_text": "Ask us"}, "the fallback text “Ask us” is shown."), ({}, "nothing is shown: there is no last")],
    ids=["fallback", "nothing"],
)
def test_where_there_is_no_last_good_message_the_fallback_is_what_a_failure_would_show(house, fields, words):
    house.add(source=TRIPS, **fields)
    assert f"If that run fails, {words}" in why(house)


def test_a_last_good_message_that_is_too_old_is_not_promised(house, work_off):
    house.add(source=TRIPS, last_good_minutes=1)
    run_again(house, work_off)
    an_hour_ago = int((NOW - HOUR).timestamp() * 1000)
    house.redis.hset(house.service._resolve(ANN).key, mapping={"fresh": 0, "keep": 0, "good_at": an_hour_ago})
    assert "nothing is shown: there is no last good message that is young enough" in why(house)


def test_somebody_who_waits_for_a_worker_is_told_since_when_and_then_that_no_run_ends(house):
    house.add()
    house.service.ask(ANN)
    assert "A run waits for a worker; the user has waited since " in why(house)
    now = int(datetime.now(UTC).timestamp() * 1000)
    house.redis.hset(house.service._resolve(ANN).key, mapping={"asked": now - 40_000, "seen": now})
    assert explained(house).displayed.state == "late"
    assert why(house).startswith("No run has ended since ")


def test_the_run_that_failed_is_named_also_before_its_trace_is_written(house, work_off, worker_services):
    house.add(source=TRIPS)
    run_again(house, work_off)
    house.know(trips=True)
    worker_services.traces.close()
    grow_old(house)
    house.service.ask(ANN)
    work_off()
    found = explained(house)
    assert len(found.newest) == 1  # the one that failed is not written
    assert f"The newest run ({found.displayed.stored_by[17:25]}) failed" in why(house)
