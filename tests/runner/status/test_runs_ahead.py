"""Runs ahead of their time: started by somebody who looks at what is soon stale, or because a session ends; never in the way."""

from dataclasses import replace

import pytest

from runner.queues import run_causes
from runner.queues.order_lists import UNASKED, OrderDraft, read_order
from runner.status.cache import StatusCache, StatusUpdate

PAIR = ("ann", "s1")
KEY = StatusCache.key("acme", *PAIR, "v1")
ORDER = OrderDraft("acme", *PAIR, "a" * 64, "v1", staff=False, most=4, lock_ms=8000)
SHOWN = StatusUpdate(state="ready", body=b'{"text":"Claim"}', digest="claim", ok=True, fresh_s=100, stale_s=600)
NEWER = replace(SHOWN, body=b'{"text":"Claimed"}', digest="claimed")
LISTS = {name: f"st:orders:{{acme}}{name}" for name in ("", ":back", ":ahead")}


class Clock:
    ms = 1_000_000

    def __call__(self):
        return self.ms

    def tick(self, seconds):
        self.ms += int(seconds * 1000)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def cache(redis, clock):
    cache = StatusCache(redis, clock_ms=clock)
    claimed = cache.claim(KEY, "first")
    assert cache.begin(KEY, "first", claimed.generation, wall_s=5)
    assert cache.store(KEY, "first", claimed.generation, SHOWN)
    return cache


def waiting(redis):
    """The causes of the orders in each list that has any."""
    found = {
        name: [read_order("acme", raw)[1].because for raw in redis.lrange(key, 0, -1)] for name, key in LISTS.items()
    }
    return {name: causes for name, causes in found.items() if causes}


def test_a_look_at_what_is_long_fresh_starts_nothing(cache, clock, redis):
    clock.tick(60)
    hit = cache.claim(KEY, "look", order=ORDER)
    assert (hit.what, hit.mine, waiting(redis)) == ("hit", False, {})


def test_a_look_at_what_is_soon_stale_is_a_hit_and_starts_one_run_ahead(cache, clock, redis):
    clock.tick(89)
    hit = cache.claim(KEY, "look", order=ORDER)
    assert (hit.what, hit.body, hit.mine, len(hit.due)) == ("hit", SHOWN.body, True, 1)
    assert 0 < hit.left_ms <= 21_000
    again = [cache.claim(KEY, f"look {n}", order=ORDER) for n in range(5)]
    assert {(one.what, one.mine, one.due) for one in again} == {("hit", False, ())}
    assert waiting(redis) == {":ahead": [run_causes.REFRESH]}


def test_a_run_ahead_begins_while_the_message_is_fresh_and_its_result_is_shown(cache, clock):
    clock.tick(89)
    claimed = cache.claim(KEY, "ahead", order=ORDER)
    assert cache.begin(KEY, "other", claimed.generation, wall_s=5) is None
    assert cache.begin(KEY, "ahead", claimed.generation, wall_s=5)
    assert cache.store(KEY, "ahead", claimed.generation, NEWER)
    hit = cache.claim(KEY, "look", order=ORDER)
    assert (hit.body, hit.mine) == (NEWER.body, False)
    assert cache.begin(KEY, "ahead", claimed.generation, wall_s=5) is None  # once


def test_a_run_ahead_that_fails_changes_nothing_while_the_message_is_fresh(cache, clock):
    failed = replace(SHOWN, body=b'{"text":"Sorry"}', digest="sorry", ok=False, fresh_s=5)
    clock.tick(89)
    claimed = cache.claim(KEY, "ahead", order=ORDER)
    assert cache.begin(KEY, "ahead", claimed.generation, wall_s=5)
    assert not cache.store(KEY, "ahead", claimed.generation, failed)
    hit = cache.claim(KEY, "look", order=ORDER)
    assert (hit.what, hit.body, hit.state, hit.mine) == ("hit", SHOWN.body, "ready", False)
    clock.tick(2.1)  # not at once again
    assert cache.claim(KEY, "again", order=ORDER).mine
    assert cache.begin(KEY, "again", claimed.generation, wall_s=60)
    clock.tick(30)
    assert cache.store(KEY, "again", claimed.generation, failed), "now nothing is fresh any more"


def test_without_anybody_who_looks_nothing_is_refreshed(cache, clock, redis):
    clock.tick(99)
    assert (waiting(redis), redis.hget(KEY, "lock")) == ({}, None)


def test_a_return_takes_the_place_of_a_run_ahead_and_its_result(cache, clock):
    clock.tick(89)
    claimed = cache.claim(KEY, "ahead", order=ORDER)
    assert cache.begin(KEY, "ahead", claimed.generation, wall_s=5)
    assert cache.returned(KEY, "back", order=ORDER).mine
    assert not cache.store(KEY, "ahead", claimed.generation, NEWER)


def test_somebody_who_asks_does_not_wait_for_an_order_of_a_run_ahead(cache, clock, redis):
    ahead = cache.claim(
        StatusCache.key("acme", "bob", "s1", "v1"), "pre", order=ORDER._replace(user="bob", starts=UNASKED)
    )
    key = StatusCache.key("acme", "bob", "s1", "v1")
    assert (ahead.mine, waiting(redis)) == (True, {":ahead": [run_causes.PREFETCH]})
    asked = cache.claim(key, "ask", order=ORDER._replace(user="bob"))
    assert (asked.what, asked.mine) == ("pending", True)
    assert cache.begin(key, "ask", asked.generation, wall_s=5)
    assert cache.begin(key, "pre", ahead.generation, wall_s=5) is None
    assert not cache.claim(key, "late", order=ORDER._replace(user="bob")).mine  # it runs now


def test_a_prefetch_asks_for_nothing_that_is_fresh_and_makes_nobody_wait(cache, clock, redis):
    assert not cache.claim(KEY, "pre", order=ORDER._replace(starts=UNASKED)).mine
    clock.tick(89)
    assert not cache.claim(KEY, "pre", order=ORDER._replace(starts=UNASKED)).mine
    clock.tick(30)
    assert cache.claim(KEY, "pre", order=ORDER._replace(starts=UNASKED)).mine
    assert redis.hmget(KEY, "asked", "seen") == [None, None]


def test_while_somebody_waits_no_run_is_made_ahead(cache, clock, redis):
    assert cache.claim(StatusCache.key("acme", "bob", "s1", "v1"), "live", order=ORDER._replace(user="bob")).mine
    clock.tick(89)
    hit = cache.claim(KEY, "look", order=ORDER)
    assert (hit.what, hit.mine) == ("hit", False)
    cleo = ORDER._replace(user="cleo", starts=UNASKED)
    assert not cache.claim(StatusCache.key("acme", "cleo", "s1", "v1"), "pre", order=cleo).mine
    assert waiting(redis) == {"": [run_causes.FIRST_LOOK]}
