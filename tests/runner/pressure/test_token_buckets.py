"""Token buckets: what is allowed at once and later, and that neither users nor time make them grow."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.pressure.token_buckets import TokenBuckets


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def buckets(clock, **terms):
    return TokenBuckets(**{"allowance": 3, "seconds_each": 2.0, "clock": clock} | terms)


def test_a_few_at_once_then_one_each_time_and_the_wait_is_exact(clock):
    found = buckets(clock)
    assert [found.take("ann") for _ in range(5)] == [0, 0, 0, 2, 2]
    clock.now = 1.5
    assert found.take("ann") == 0.5
    clock.now = 2.0
    assert [found.take("ann") for _ in range(2)] == [0, 2]
    clock.now = 100.0
    assert [found.take("ann") for _ in range(4)] == [0, 0, 0, 2]


@given(st.lists(st.booleans(), max_size=12), st.integers(0, 40))
def test_a_token_that_is_given_back_counts_as_not_taken(kept, later):
    """True is a token that is kept. The clock moves in the middle, also past the end of a generation."""
    clock = Clock()
    found, other = buckets(clock, allowance=20), buckets(clock, allowance=20)
    for place, is_kept in enumerate(kept):
        clock.now += later if place == len(kept) // 2 else 0
        found.take("ann")
        if is_kept:
            other.take("ann")
        else:
            found.give_back("ann")
    assert [found.take("ann") for _ in range(25)] == [other.take("ann") for _ in range(25)]


def test_nothing_is_given_back_to_a_full_bucket(clock):
    found = buckets(clock)
    found.give_back("ann")
    assert [found.take("ann") for _ in range(4)] == [0, 0, 0, 2]


def test_each_user_has_a_bucket_of_their_own(clock):
    found = buckets(clock)
    for _ in range(4):
        found.take("ann")
    assert found.take("ben") == 0


def test_to_look_takes_nothing(clock):
    found = buckets(clock)
    assert [found.wait("ann") for _ in range(9)] == [0] * 9
    for _ in range(3):
        found.take("ann")
    assert found.wait("ann") == 2


def test_a_new_generation_forgets_no_bucket_that_is_not_full(clock):
    found = buckets(clock)
    clock.now = 5.9
    for _ in range(3):
        found.take("ann")
    clock.now = 6.1
    found.take("ben")  # a new generation begins
    assert found.take("ann") > 0


def test_a_million_users_are_remembered_as_two_generations(clock):
    found = buckets(clock, most=1000)
    for number in range(10_000):
        found.take(number)
    assert len(found._newer) + len(found._older) <= 2000
    assert [found.take(number) for number in range(9_999, 9_100, -1)] == [0] * 899  # the second of three


def test_fifty_thousand_users_at_the_same_moment_are_all_remembered(clock):
    found = buckets(clock)
    for number in range(50_000):
        for _ in range(3):
            found.take(number)
    assert all(found.take(number) > 0 for number in range(50_000))


@given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=60))
def test_no_sequence_gets_more_than_the_allowance_and_the_time(steps):
    clock = Clock()
    found, taken, began = buckets(clock), 0, 0.0
    for seconds, once in steps:
        clock.now += seconds
        for _ in range(1 if once else 4):
            taken += found.take("ann") == 0
        assert taken <= 3 + (clock.now - began) / 2 + 1e-6


def test_threads_that_come_together_break_nothing():
    found = TokenBuckets(allowance=5, seconds_each=1000.0, most=10)
    errors = []

    def take():
        try:
            for number in range(2000):
                found.take(number % 15)
        except Exception as error:  # noqa: BLE001 - the test shows it
            errors.append(error)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert errors == []


@pytest.mark.parametrize("now", [0.1, 1234.567, 8765432.1, 3e8 + 0.7])
def test_a_bucket_gives_all_its_tokens_at_whatever_time_it_is(now):
    buckets = TokenBuckets(allowance=5, seconds_each=1 / 5, clock=lambda: now)
    assert [buckets.take("ann") for _ in range(5)] == [0.0] * 5
    assert buckets.wait("ann") > 0.1


def test_what_is_given_back_can_be_taken_again_and_never_more_than_that(clock):
    found = buckets(clock)
    for _ in range(3):
        found.take("ann")
    found.give_back("ann")
    assert [found.take("ann") for _ in range(2)] == [0, 2]
    for _ in range(9):
        found.give_back("ben")
    assert [found.take("ben") for _ in range(4)] == [0, 0, 0, 2]
