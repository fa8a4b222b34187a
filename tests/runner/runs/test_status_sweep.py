"""Statuses that nobody can be shown go, and a full store lets the oldest go; what a return depends on stays."""

from __future__ import annotations

import time

import pytest

from runner.logins import LoginStore, Visitor
from runner.powers.answer_cache import KEPT
from runner.runs.status_sweep import LOOKED, PASSED, StatusSweep
from runner.status.cache import LIFE_S, StatusCache, StatusUpdate
from runner.status.cache_scripts import SHORTEST_MS
from runner.store.clients import connect
from runner.store.embedded import EmbeddedStore
from runner.store.error_replies import StoreRefuses
from runner.store.memory import FULL, read_memory
from tests.support.outdated import outdate

BODY = b'{"message":{"text":"' + b"x" * 300 + b'","color":null,"action":null},"as_of":null,"run":"r"}'


class Clock:
    """The store's clock in ms, put forward by a test; the lives of keys are on the server's own clock."""

    ahead_ms = 0

    def __call__(self):
        return int(time.time() * 1000) + self.ahead_ms


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cache(redis, clock):
    return StatusCache(redis, clock_ms=clock)


def key_of(number):
    return StatusCache.key("acme", f"user {number}", "s1", "v1")


def update(*, link=True, text=b"x"):
    body = BODY.replace(b"x" * 300, text * 300)
    return StatusUpdate("ready", body, text.decode(), ok=True, fresh_s=20, stale_s=580, good_s=3600, leads_away=link)


def stored(cache, number, **options):
    key = key_of(number)
    claimed = cache.claim(key, "run")
    assert cache.begin(key, "run", claimed.generation, wall_s=5)
    assert cache.store(key, "run", claimed.generation, update(**options))
    return key


def swept(redis):
    redis.delete(LOOKED, PASSED)
    StatusSweep(redis).turn()


def test_a_status_is_stored_once_and_without_a_link_only_as_long_as_it_can_be_shown(redis, cache):
    key = stored(cache, 1, link=False)
    assert sum(value == BODY for value in redis.hvals(key)) == 1
    assert redis.memory_usage(key) < len(BODY) + 350
    assert redis.pttl(key) <= 3600_000
    assert redis.pttl(stored(cache, 2)) > LIFE_S * 1000


def test_a_claim_without_a_run_is_forgotten_soon(redis, cache):
    cache.claim(key_of(1), "run")
    assert redis.pttl(key_of(1)) <= SHORTEST_MS


def test_a_message_that_can_no_longer_be_shown_leaves_the_digest_by_which_a_return_is_judged(redis, cache, clock):
    key = stored(cache, 1)
    swept(redis)
    assert redis.hget(key, "body") == update().body
    redis.pexpire(key, int(LIFE_S * 1000))  # as it is an hour later
    swept(redis)
    assert redis.hget(key, "body") is None
    assert redis.memory_usage(key) < 260
    assert redis.pttl(key) > SHORTEST_MS
    clock.ahead_ms = 3_700_000
    assert cache.claim(key, "look").what == "pending"
    cache.free(key, "look")
    back = cache.returned(key, "back")
    assert (back.what, back.body) == ("checking", b"")
    assert cache.begin(key, "back", back.generation, wall_s=5)
    assert cache.store(key, "back", back.generation, update())
    assert cache.claim(key, "x").what == "checking", "the vendor still says what it said before"


@pytest.fixture
def small_store():
    """Give a store of its own with little memory, half of which is free."""
    with EmbeddedStore() as store:
        redis = connect(store.url)
        redis.config_set("maxmemory", read_memory(redis).used + 2_000_000)
        yield redis
        redis.close()


def fill(cache, redis, share):
    """Store statuses until the store is so full; returns how many."""
    number = 0
    while number % 50 or read_memory(redis).share < share:
        stored(cache, number)
        number += 1
    return number


def test_statuses_never_push_out_logins_and_the_oldest_go_first(small_store, clock):
    cache = StatusCache(small_store, clock_ms=clock)
    visitor = Visitor("acme", "ann", "L" * 22, int(time.time()), "saml", int(time.time()))
    token = LoginStore(small_store).tokens.issue(visitor)
    clock.ahead_ms = -60_000
    old = fill(cache, small_store, 0.7)
    clock.ahead_ms = 0
    young = [stored(cache, f"young {number}") for number in range(20)]
    while read_memory(small_store).share < FULL:
        old += 1
        stored(cache, f"more {old}")
    swept(small_store)
    assert read_memory(small_store).share < FULL
    assert all(small_store.hget(key, "body") for key in young)
    gone = sum(small_store.hget(key_of(number), "body") is None for number in range(50))
    assert gone > 0
    logins = LoginStore(small_store)
    assert logins.tokens.refresh("acme", token.refresh)[0].subject == "ann"


def test_a_full_store_keeps_every_status_that_is_claimed_returned_or_outdated(small_store):
    cache = StatusCache(small_store)
    claimed, returned, outdated = (stored(cache, name) for name in ("claimed", "returned", "outdated"))
    for each in (claimed, outdated):
        small_store.hset(each, "fresh", 1)
    first = cache.claim(claimed, "run 2")
    early = cache.claim(outdated, "early")
    assert cache.begin(outdated, "early", early.generation, wall_s=5)
    outdate(small_store, cache, outdated)
    back = cache.returned(returned, "back")
    before = small_store.hgetall(returned)
    small_store.config_set("maxmemory", 1_000_000)  # below what the empty server needs: everything goes that may
    rest = StatusSweep(small_store)
    rest._make_room()
    small_store.config_set("maxmemory", 100_000_000)
    assert small_store.hgetall(returned) == before
    assert cache.begin(claimed, "run 2", first.generation, wall_s=5)
    assert not cache.store(outdated, "early", early.generation, update()), "a result from before was shown"
    assert cache.begin(returned, "back", back.generation, wall_s=5)


def test_if_bodies_are_not_enough_whole_statuses_go(small_store):
    cache = StatusCache(small_store)
    keys = [stored(cache, number) for number in range(20)]
    small_store.config_set("maxmemory", 1_000_000)
    StatusSweep(small_store)._make_room()
    assert not small_store.exists(*keys)


def test_a_store_without_any_memory_left_is_swept_and_serves_again(small_store):
    cache = StatusCache(small_store)
    for number in range(400):
        stored(cache, number)
    small_store.config_set("maxmemory", read_memory(small_store).used - 80_000)
    with pytest.raises(StoreRefuses):
        small_store.set("login", 1)
    StatusSweep(small_store).turn()
    assert small_store.set("login", 1)


def test_a_store_that_something_else_fills_is_looked_at_less_often(small_store):
    small_store.config_set("maxmemory", 1_000_000)
    sweep = StatusSweep(small_store)
    sweep.turn()
    small_store.config_set("maxmemory", 100_000_000)
    key = stored(StatusCache(small_store), 1)
    small_store.config_set("maxmemory", 1_000_000)
    sweep.turn()
    assert small_store.exists(key)


def test_cached_answers_of_vendors_go_from_a_full_store_too(small_store):
    answers = [f"{KEPT}{number:064}" for number in range(40)]
    small_store.mset(dict.fromkeys(answers, "x"))
    small_store.config_set("maxmemory", 1_000_000)
    StatusSweep(small_store)._make_room()
    assert small_store.exists(*answers) < 10


def test_a_key_of_another_type_stops_no_sweep(redis, cache):
    redis.set("st:{acme:000000000000000000000000}", "x")
    key = stored(cache, 1)
    redis.pexpire(key, int(LIFE_S * 1000))
    swept(redis)
    assert redis.hget(key, "body") is None


def test_workers_take_turns(redis, cache):
    key = stored(cache, 1)
    StatusSweep(redis).turn()
    redis.pexpire(key, int(LIFE_S * 1000))
    StatusSweep(redis).turn()
    assert redis.hget(key, "body")
