"""Counters in a real store: workers add, readers compare, and nothing that is written there by others is believed."""

import pytest
from redis.exceptions import ConnectionError as StoreGone

from runner.pressure.run_counts import BUSY, RunCounter, busy_implementations, key_of, read_totals
from runner.pressure.run_pace import RunTotals


def test_two_workers_add_up(redis):
    one, two = RunCounter(redis), RunCounter(redis)
    one.note("acme", 0.2)
    one.note("acme", 0.3)
    two.note("acme", 0.5)
    two.note("beta", 1.0)
    for each in (one, two, one):
        each.flush()
    assert read_totals(redis, "acme") == RunTotals(3, 1000)
    assert busy_implementations(redis) == ("acme", "beta")
    assert 0 < redis.ttl(key_of("acme")) <= 3600
    assert 0 < redis.ttl(BUSY) <= 60


def test_of_an_implementation_without_runs_nothing_is_known(redis):
    assert read_totals(redis, "acme") is None
    assert busy_implementations(redis) == ()


@pytest.mark.parametrize("found", ["garbage", "-5", "", "1e9", "9" * 16, "9223372036854775807", b"\xff\xfe", "٣"])
def test_a_poisoned_counter_is_not_believed(redis, found):
    redis.hset(key_of("acme"), mapping={"ended": found, "busy_ms": 5})
    assert read_totals(redis, "acme") is None


@pytest.mark.parametrize("found", ["garbage", "9223372036854775807"])
def test_a_counter_that_cannot_be_counted_up_is_counted_anew(redis, found):
    redis.hset(key_of("acme"), mapping={"ended": found, "busy_ms": found})
    counter = RunCounter(redis)
    for _ in range(2):
        counter.note("acme", 0.2)
        counter.note("beta", 0.2)
        counter.flush()
    assert read_totals(redis, "acme") == RunTotals(1, 200)
    assert read_totals(redis, "beta") == RunTotals(2, 400)


def test_keys_of_another_kind_are_replaced(redis):
    redis.set(key_of("acme"), "x")
    redis.set(BUSY, "x")
    assert read_totals(redis, "acme") is None
    assert busy_implementations(redis) == ()
    counter = RunCounter(redis)
    for _ in range(2):
        counter.note("acme", 0.2)
        counter.flush()
    assert read_totals(redis, "acme") == RunTotals(1, 200)
    assert busy_implementations(redis) == ("acme",)


def test_a_store_that_is_away_is_not_hidden(redis, monkeypatch):
    counter = RunCounter(redis)
    counter.note("acme", 0.2)
    monkeypatch.setattr(redis, "pipeline", lambda **_: (_ for _ in ()).throw(StoreGone("away")))
    with pytest.raises(StoreGone):
        counter.flush()


def test_a_flush_without_runs_asks_nothing(redis, monkeypatch):
    monkeypatch.setattr(redis, "pipeline", None)
    RunCounter(redis).flush()
