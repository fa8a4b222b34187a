"""Pending logins: limited for each address and in total, and a person who begins one or two keeps them."""

import time

import pytest

from runner.logins import LoginOrigin, StoreAway, pending_logins
from runner.logins.login_store import LoginStore
from runner.store.clients import connect
from tests.support.valkey import written

HOME, VENUE = LoginOrigin("192.0.2.1"), LoginOrigin("198.51.100.1", at_venue=True)


def put(store, origin=HOME, **value):
    return store.pending_logins.put("kind", value or {"a": 1}, 60, origin)


def are_there(store, handles):
    return [store.pending_logins.look("kind", handle) is not None for handle in handles]


def test_a_begun_login_is_looked_at_often_and_taken_once(store):
    handle = put(store, a="é")
    assert store.pending_logins.look("kind", handle) == store.pending_logins.look("kind", handle) == {"a": "é"}
    assert store.pending_logins.take("kind", handle) == {"a": "é"}
    assert store.pending_logins.take("kind", handle) is store.pending_logins.look("kind", handle) is None


def test_a_handle_may_be_given(store):
    handle = store.one_time_states.new_handle()
    assert store.pending_logins.put("kind", {}, 60, HOME, handle=handle) == handle
    assert store.pending_logins.take("kind", handle) == {}


def test_of_one_address_the_oldest_go(store, monkeypatch):
    monkeypatch.setattr(pending_logins, "MOST_FROM_ADDRESS", 3)
    handles = []
    for _ in range(5):
        handles.append(put(store))
        time.sleep(0.002)  # the order is by milliseconds
    assert are_there(store, handles) == [False, False, True, True, True]


def test_one_that_was_finished_makes_room(store, monkeypatch):
    monkeypatch.setattr(pending_logins, "MOST_FROM_ADDRESS", 2)
    first, second = put(store), put(store)
    store.pending_logins.take("kind", second)
    third = put(store)
    assert are_there(store, [first, second, third]) == [True, False, True]


def test_in_sum_the_busiest_address_pays(store, monkeypatch):
    monkeypatch.setattr(pending_logins, "MOST_IN_TOTAL", 10)
    mine = [put(store), put(store)]
    for number in range(100):
        put(store, LoginOrigin(f"203.0.113.{number % 3}"))
    assert are_there(store, mine) == [True, True]


def test_a_flood_from_as_many_addresses_as_there_is_room_never_has_more_than_the_room(store, redis, monkeypatch):
    monkeypatch.setattr(pending_logins, "MOST_IN_TOTAL", 10)
    for number in range(60):
        put(store, LoginOrigin(f"2001:db8:{number:x}::/64"))
    assert len([key for key in redis.keys("*") if b":once:" in key]) == 10


def test_a_venue_is_bounded_in_sum_only_and_apart(store, monkeypatch):
    monkeypatch.setattr(pending_logins, "MOST_FROM_ADDRESS", 2)
    monkeypatch.setattr(pending_logins, "MOST_IN_TOTAL", 6)
    there = [put(store, VENUE) for _ in range(6)]
    for number in range(20):
        put(store, LoginOrigin(f"203.0.113.{number}"))
    assert all(are_there(store, there))
    put(store, VENUE)
    assert are_there(store, there).count(False) == 1


def test_what_has_expired_counts_no_more(store, redis, monkeypatch):
    monkeypatch.setattr(pending_logins, "MOST_FROM_ADDRESS", 2)
    for _ in range(2):
        store.pending_logins.put("kind", {}, 1, HOME)
    time.sleep(1.1)
    handles = [put(store), put(store)]
    assert are_there(store, handles) == [True, True]
    lists = {key: redis.zcard(key) for key in redis.keys("*begun*")}
    assert sorted(lists.values()) == [1, 2, 2]


def test_a_short_life_does_not_make_the_others_be_forgotten(store, redis):
    put(store)
    store.pending_logins.put("kind", {}, 1, HOME)
    assert all(redis.ttl(key) > 50 for key in redis.keys("*begun*"))


def test_nothing_is_left_when_all_are_finished(store, redis):
    for origin in (HOME, VENUE):
        for handle in [put(store, origin) for _ in range(3)]:
            store.pending_logins.take("kind", handle)
    assert written(redis) == []


def test_the_store_holds_no_address_and_no_handle(store, redis):
    handle = put(store)
    held = b"".join(redis.keys("*")) + b"".join(redis.zrange(key, 0, -1)[0] for key in redis.keys("*begun*"))
    assert HOME.address.encode() not in held
    assert handle.encode() not in held


@pytest.mark.parametrize("act", ["put", "look", "take"])
def test_without_the_store_nothing_is_begun(act):
    away = LoginStore(connect("redis://127.0.0.1:1"))
    with pytest.raises(StoreAway):
        put(away) if act == "put" else getattr(away.pending_logins, act)("kind", "x")
