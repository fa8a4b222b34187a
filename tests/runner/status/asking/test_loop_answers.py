"""What the event loop answers from the cache, and that in every other case it says nothing and changes nothing."""

import asyncio
import itertools
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from records import DatabaseUnavailable
from runner.logins import EndedLogins
from runner.logins.ended_logins import login_key
from runner.status.cache import StatusCache, StatusUpdate
from runner.status.service import StatusRequest
from runner.status.status_body import ShownMessage, body_of
from runner.status.ttl_cache import NotRemembered, TtlCache
from tests.support.event_loop import awaited

#: Later than the implementation of any test.
SINCE = int(time.time()) + 3600
ANN = StatusRequest("acme", "ann", "s1", "the-login-of-ann", SINCE)


async def cached(answers, request):
    """What the loop says of a request without a run; None if it says nothing."""
    resolved = answers.resolved(request)
    return await answers.cached(resolved) if resolved else None


def read(house, *requests, before=lambda: None):
    """What the loop answers once it is connected. `before` is called then, in a thread."""

    async def whole():
        answers = house.service.loop_answers()
        try:
            async with asyncio.timeout(30):
                for pause in itertools.repeat(0.005):
                    if await cached(answers, ANN):
                        break
                    await asyncio.sleep(pause)
            await asyncio.to_thread(before)
            return [await cached(answers, request) for request in requests]
        finally:
            answers.close()

    return awaited(whole())


@pytest.fixture
def shown(house, monkeypatch):
    """A house with a status that is cached and fresh. It hears of its own changes only, and at once."""
    monkeypatch.setattr(house.service._change_listener, "ensure_started", lambda: None)
    house.add()
    key, cache = house.service._resolve(ANN).key, StatusCache(house.redis)
    cache.claim(key, "run")
    assert cache.begin(key, "run", 0, wall_s=5)
    body = body_of(ShownMessage("Claim 1.0 CE credit"), as_of=None, run="run")
    assert cache.store(key, "run", 0, StatusUpdate("ready", body, "digest", ok=True, fresh_s=60, stale_s=60))
    return house


def test_a_fresh_status_is_the_one_that_a_thread_would_give(shown):
    (found,) = read(shown, ANN)
    assert replace(found, refresh_after=0) == replace(shown.service.ask(ANN), refresh_after=0)
    assert 0 < found.refresh_after <= 66


def test_nothing_is_claimed_for_a_status_that_is_not_there(shown):
    before = shown.redis.dbsize()
    assert (
        read(shown, replace(ANN, user="bea"), replace(ANN, session="none"), replace(ANN, implementation="none"))
        == [None] * 3
    )
    assert shown.redis.dbsize() == before


def test_a_login_that_ended_between_two_questions_is_not_answered(shown):
    logins = EndedLogins(shown.redis)
    assert read(shown, ANN)[0]
    assert read(shown, ANN, before=lambda: logins.end(ANN.login)) == [None]


def test_a_login_of_somebody_all_of_whose_logins_were_ended_is_not_answered(shown):
    logins = EndedLogins(shown.redis, clock=lambda: SINCE)
    assert read(shown, ANN, before=lambda: logins.end_all("acme", "ann")) == [None]


def test_a_request_without_a_login_is_left_to_a_thread(shown):
    assert read(shown, StatusRequest("acme", "ann", "s1")) == [None]


def test_after_a_return_the_old_message_is_not_shown_as_fresh(shown):
    assert read(shown, ANN, before=lambda: shown.service.returned(ANN)) == [None]


def test_a_login_of_a_removed_implementation_is_not_one_of_its_successor(shown):
    assert read(shown, replace(ANN, since=1)) == [None]


def hide(house):
    house.change("acme", user_types=["staff"])
    assert house.service.ask(ANN).state == "hidden"


def test_where_a_rule_hides_the_message_the_loop_says_so(shown):
    assert read(shown, ANN, before=lambda: hide(shown)) == [shown.service.ask(ANN)]


def test_where_a_rule_hides_the_message_a_login_that_ended_is_not_answered_either(shown):
    def end():
        hide(shown)
        EndedLogins(shown.redis).end(ANN.login)

    assert read(shown, ANN, before=end) == [None]


def test_where_a_rule_hides_the_message_an_end_of_another_type_counts_too(shown):
    def end():
        hide(shown)
        shown.redis.rpush(login_key(ANN.login), "odd")

    assert read(shown, ANN, before=end) == [None]


def test_a_changed_implementation_is_not_answered_from_memory_and_the_database_not_read(shown, monkeypatch):
    def forget():
        shown.service.changed("acme")
        monkeypatch.setattr(shown.database, "reading", None)

    assert read(shown, ANN, before=forget) == [None]


def test_after_the_scripts_of_the_server_were_flushed_they_are_loaded_again(shown):
    assert read(shown, ANN, before=shown.redis.script_flush) == [None]
    assert read(shown, ANN) != [None]


@pytest.mark.parametrize("fields", [{"body": "<script>"}, {"state": "admin"}, {"fresh": "soon"}, {"span": "0"}])
def test_an_entry_that_was_not_written_by_us_is_left_to_a_thread(shown, fields):
    key = shown.service._resolve(ANN).key
    assert read(shown, ANN, before=lambda: shown.redis.hset(key, mapping=fields)) == [None]


def test_an_entry_of_another_kind_is_left_to_a_thread(shown):
    key = shown.service._resolve(ANN).key

    def spoil():
        shown.redis.delete(key)
        shown.redis.set(key, "a text")

    assert read(shown, ANN, before=spoil) == [None]
    assert shown.service.ask(ANN).state == "checking"


def test_a_session_whose_time_has_not_come_is_not_shown_early(shown):
    shown.add("later", start=datetime.now(UTC) + timedelta(days=1), show_when="after")
    later = replace(ANN, implementation="later")
    (found,) = read(shown, later, before=lambda: shown.service.ask(later))
    assert (found.state, found.refresh_after) == ("hidden", 300)


def test_what_has_run_out_is_remembered_no_more_but_while_the_database_is_away():
    away = []

    def read(slug, name):
        if away:
            raise DatabaseUnavailable("away")
        return f"{slug} {name}"

    cache = TtlCache(read, life_s=0)
    with pytest.raises(NotRemembered):
        cache.remembered("acme", "s1")
    cache.get("acme", "s1")
    with pytest.raises(NotRemembered):
        cache.remembered("acme", "s1")
    away.append(True)
    assert cache.get("acme", "s1") == cache.remembered("acme", "s1") == "acme s1"
