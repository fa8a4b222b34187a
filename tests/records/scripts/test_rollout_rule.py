"""The rule by which a staged version is reverted: its arithmetic, and how often it errs in simulated rollouts."""

from __future__ import annotations

import random
from fractions import Fraction
from math import comb

import pytest

from records.scripts import rollout_rule
from records.scripts.rollout_rule import ALPHA, FIRST, FIRST_ACTIVE, UserCount

#: Rollouts of each kind, and users of each rollout.
ROLLOUTS, USERS = 200, 4000


def reverted_at(seed: int, share: float, active_rate: float, staged_rate: float) -> int | None:
    """Let users come one after the other. Returns how many had the staged version when it was reverted, or None."""
    rng = random.Random(f"{seed} {share} {active_rate} {staged_rate}")
    staged = active = staged_failed = active_failed = looks = looked = 0
    for _ in range(USERS):
        if rng.random() < share:
            staged += 1
            staged_failed += rng.random() < staged_rate
        else:
            active += 1
            active_failed += rng.random() < active_rate
        if rollout_rule.look_due(looked, staged, active):
            if rollout_rule.is_worse(UserCount(staged, staged_failed), UserCount(active, active_failed), looks):
                return staged
            looks, looked = looks + 1, staged
    return None


def reverts(share: float, active_rate: float, staged_rate: float) -> list[int]:
    """How many users had the staged version at each revert, the fewest first."""
    found = (reverted_at(seed, share, active_rate, staged_rate) for seed in range(ROLLOUTS))
    return sorted(users for users in found if users is not None)


@pytest.mark.parametrize(
    ("share", "rate", "alarms"), [(0.05, 0.01, 0), (0.1, 0.01, 0), (0.1, 0.05, 1), (0.5, 0.05, 0), (0.5, 0.2, 0)]
)
def test_a_version_that_is_no_worse_is_not_reverted_in_200_rollouts(share, rate, alarms):
    """The figures of decision 0015. One alarm in 200 is what ALPHA allows."""
    assert len(reverts(share, rate, rate)) == alarms <= ALPHA * ROLLOUTS


@pytest.mark.parametrize(
    ("share", "active_rate", "staged_rate", "least", "median"),
    [
        (0.1, 0.0, 1.0, 200, 10),
        (0.1, 0.0, 0.05, 199, 114),
        (0.1, 0.01, 0.06, 175, 260),
        (0.5, 0.0, 0.05, 200, 390),
        (0.5, 0.01, 0.06, 199, 580),
    ],
)
def test_a_version_that_fails_for_one_user_in_twenty_is_reverted(share, active_rate, staged_rate, least, median):
    """The figures of decision 0015: in how many of 200 rollouts, and after how many users of the staged version."""
    found = reverts(share, active_rate, staged_rate)
    assert len(found) >= least
    assert found[len(found) // 2] <= median


def test_the_probability_is_that_of_fishers_exact_test():
    for staged, active in (
        (UserCount(10, 3), UserCount(90, 5)),
        (UserCount(1, 1), UserCount(1, 0)),
        (UserCount(20, 20), UserCount(30, 0)),
        (UserCount(50, 0), UserCount(50, 9)),
        (UserCount(7, 5), UserCount(3, 3)),
        (UserCount(5, 2), UserCount(0, 0)),
    ):
        users, failed = staged.users + active.users, staged.failed + active.failed
        ways = sum(
            comb(staged.users, count) * comb(active.users, failed - count)
            for count in range(staged.failed, min(failed, staged.users) + 1)
            if failed - count <= active.users
        )
        assert rollout_rule.tail(staged, active) == pytest.approx(float(Fraction(ways, comb(users, failed))), rel=1e-9)


def test_the_probability_stays_right_with_very_many_users():
    assert rollout_rule.tail(UserCount(100_000, 1000), UserCount(900_000, 9000)) == pytest.approx(0.5, abs=0.02)
    assert rollout_rule.tail(UserCount(100_000, 5000), UserCount(900_000, 9000)) < 1e-300


def test_all_looks_together_have_the_probability_alpha():
    assert sum(map(rollout_rule.allowance, range(10_000))) == pytest.approx(ALPHA, rel=1e-3)
    assert sum(map(rollout_rule.allowance, range(10_000))) < ALPHA


def test_there_is_one_look_for_each_half_more_users():
    looked, seen = 0, []
    for users in range(200):
        if rollout_rule.look_due(looked, users, FIRST_ACTIVE):
            looked = users
            seen.append(users)
    assert seen == [10, 15, 23, 34, 51, 76, 114, 171]
    assert rollout_rule.look_due(34, 100, FIRST_ACTIVE)  # looks that were missed are left out
    assert not rollout_rule.look_due(100, 100, FIRST_ACTIVE)


def test_no_look_is_used_up_while_hardly_anybody_sees_the_active_version():
    assert not rollout_rule.look_due(0, 1000, FIRST_ACTIVE - 1)
    assert rollout_rule.look_due(0, FIRST, FIRST_ACTIVE)
    assert rollout_rule.is_worse(
        UserCount(FIRST, FIRST), UserCount(FIRST_ACTIVE, 0), 0
    )  # and the first can find something


def test_fewer_users_than_the_first_look_needs_and_a_difference_that_does_not_matter_revert_nothing():
    assert not rollout_rule.look_due(0, FIRST - 1, 1000)
    small = UserCount(1_000_000, 12_000), UserCount(1_000_000, 3_000)
    assert rollout_rule.tail(*small) < 1e-300
    assert not rollout_rule.is_worse(*small, 0)
    assert rollout_rule.is_worse(UserCount(1_000_000, 13_001), small[1], 0)
