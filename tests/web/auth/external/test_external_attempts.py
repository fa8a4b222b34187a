"""Limits and delays in a real store: what a guesser gets, and what the person who is guessed at gets."""

import threading

import pytest

from runner.logins.attempt_limits import FIRST_S, FREE, LONGEST_S, AttemptLimits
from runner.store.clients import connect_brief
from runner.store.errors import StoreAway
from tests.support.valkey import written


@pytest.fixture
def attempts(redis):
    return AttemptLimits(redis)


def over(redis, key_part="fails"):
    """Let every delay be over, as if its time had passed."""
    for key in redis.keys(f"*{key_part}*"):
        redis.hset(key, "until", 0)


def test_a_limit_counts_in_its_window_and_says_when_it_ends(attempts):
    allowed = [attempts.hit("address", "a", limit=3, window_s=60) for _ in range(5)]
    assert [each.ok for each in allowed] == [True, True, True, False, False]
    assert 0 < allowed[-1].retry_after_s <= 60
    assert attempts.hit("address", "b", limit=3, window_s=60).ok
    assert attempts.hit("other", "a", limit=3, window_s=60).ok


def test_a_window_ends(attempts, redis):
    for _ in range(4):
        attempts.hit("address", "a", limit=3, window_s=60)
    (key,) = redis.keys("*hits*")
    assert 0 < redis.pttl(key) <= 60_000
    redis.pexpire(key, 1)
    while redis.exists(key):
        pass
    assert attempts.hit("address", "a", limit=3, window_s=60).ok


def test_delays_grow_and_stop_growing(attempts, redis):
    waits = []
    for _ in range(FREE + 8):
        assert attempts.begin("password", "ada") == 0
        waits.append(attempts.wait("password", "ada"))
        over(redis)
    assert waits[: FREE - 1] == [0] * (FREE - 1)
    assert waits[FREE - 1 : FREE + 3] == [FIRST_S, 2 * FIRST_S, 4 * FIRST_S, 8 * FIRST_S]
    assert waits[-1] == LONGEST_S


def test_while_a_delay_runs_nobody_may_try_and_trying_does_not_prolong_it(attempts):
    for _ in range(FREE):
        attempts.begin("password", "ada")
    first = attempts.begin("password", "ada")
    assert 0 < first <= FIRST_S
    assert all(attempts.begin("password", "ada") <= first for _ in range(20))


def test_a_hundred_at_once_are_not_all_the_first(attempts):
    passed = []

    def guess():
        if attempts.begin("password", "ada") == 0:
            passed.append(1)

    threads = [threading.Thread(target=guess) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(passed) == FREE


def test_a_success_forgets_and_a_spared_attempt_does_not_count(attempts):
    for _ in range(FREE - 1):
        attempts.begin("password", "ada")
    attempts.forget("password", "ada")
    for _ in range(3 * FREE):
        assert attempts.begin("password", "ada") == 0
        attempts.spare("password", "ada")
    assert attempts.wait("password", "ada") == 0


def test_sparing_ends_no_delay(attempts):
    for _ in range(FREE):
        attempts.begin("password", "ada")
    attempts.spare("password", "ada")
    assert attempts.wait("password", "ada") > 0


def test_failures_told_afterwards_count_as_well(attempts):
    assert [attempts.failed("link", "x") for _ in range(FREE)] == [0] * (FREE - 1) + [FIRST_S]


def test_failures_are_forgotten_in_time_and_keys_are_hashes(attempts, redis):
    attempts.begin("password", "ada@example.org")
    attempts.hit("address", "192.0.2.7", limit=1, window_s=60)
    for key in written(redis):
        assert redis.pttl(key) > 0
        assert b"ada" not in key
        assert b"192" not in key


def test_without_the_store_nobody_may_try():
    away = AttemptLimits(connect_brief("unix:///nonexistent/store.sock"))
    for act in (
        lambda: away.hit("address", "a", limit=1, window_s=1),
        lambda: away.begin("password", "a"),
        lambda: away.failed("password", "a"),
        lambda: away.wait("password", "a"),
        lambda: away.spare("password", "a"),
        lambda: away.forget("password", "a"),
    ):
        with pytest.raises(StoreAway):
            act()
