"""A crowd that keeps to `Retry-After` asks about once for each answer, however fast runs end."""

import random
from collections import Counter

import pytest

from tests.runner.pressure.crowd import Crowd


@pytest.fixture(autouse=True)
def same_numbers():
    """The same crowd in every run; the state of the generator is put back."""
    before = random.getstate()
    random.seed(20)
    yield
    random.setstate(before)


def crowd(users, seconds, *, returned, **terms):
    come = Crowd(**terms)
    come.come(users, seconds, returned=returned)
    return come.run(users)


@pytest.mark.parametrize("hold_s", [0.0, 2.0])
def test_of_4000_users_who_return_within_24_seconds_each_asks_at_most_three_times(hold_s):
    found = crowd(4000, 24, returned=True, per_s=250, hold_s=hold_s)
    assert max(found.requests.values()) <= 3
    assert sum(found.requests.values()) <= 2.1 * 4000


def test_with_a_third_of_the_speed_they_wait_longer_and_ask_no_more_often():
    found = crowd(4000, 24, returned=True, per_s=100)
    assert max(found.requests.values()) <= 3
    assert found.shed == 0


def test_all_in_one_second_ask_three_times():
    assert max(crowd(4000, 1, returned=True, per_s=250).requests.values()) <= 3


def test_a_first_look_that_is_held_for_its_answer_is_one_request():
    found = crowd(2000, 12, returned=False, per_s=250, hold_s=2.0)
    assert Counter(found.requests.values()) == {1: 2000}


def test_behind_a_vendor_that_is_overrun_no_more_is_ordered_than_is_answered_in_time():
    """What would wait longer than people do is not ordered, and its clients come back seldom."""
    found = crowd(4000, 24, returned=True, per_s=50, run_s=2.0)
    assert found.shed > 0
    assert max(found.requests.values()) <= 5
    assert sum(found.requests.values()) <= 3.5 * 4000


def test_users_who_came_back_do_not_wait_behind_those_who_look_for_the_first_time():
    both = Crowd(per_s=100)
    both.come(3000, 10, returned=False)
    both.come(500, 10, returned=True)
    both.run(3500)
    back = [count for (returned, _), count in both.requests.items() if returned]
    assert max(back) <= 3
    assert sum(back) <= 2.2 * 500
