"""Rehearsals and replays wait while people wait for statuses, but not for ever."""

from functools import partial

import pytest

from runner.background.job_steps import GIVES_WAY, JobCancelled, JobSteps
from runner.pressure import giving_way as module
from runner.pressure.giving_way import MOST_S, GivingWay, giving_way
from runner.pressure.live_load import LiveLoad
from runner.store.clients import connect
from tests.support.application import make_settings


class Clock:
    now = 0.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


def pauses(clock, may_go_on):
    return GivingWay(may_go_on, sleep=clock.sleep, clock=clock)


def test_a_job_waits_until_no_one_waits_and_says_so_every_second(clock):
    said = []
    steps = JobSteps(None, None, 3, lambda *step: said.append(step), lambda: False)
    steps = JobSteps(**(vars(steps) | {"pause": pauses(clock, lambda: clock.now >= 5).wait}))
    assert steps.give_way(2) == 5
    assert said == [(1, 3, GIVES_WAY)] * 5
    assert steps.give_way(2) == 0


def test_while_no_one_waits_it_looks_once_a_second(clock):
    looks = []

    def may_go_on():
        looks.append(clock.now)
        return True

    found = pauses(clock, may_go_on)
    for _ in range(1000):
        clock.now += 0.01
        assert found.wait(lambda: None) == 0
    assert len(looks) == pytest.approx(10, abs=1)


def test_in_a_conference_that_is_busy_for_hours_a_job_goes_on_after_three_minutes(clock):
    found = pauses(clock, lambda: False)
    assert found.wait(lambda: None) == MOST_S
    clock.now += 10
    assert found.wait(lambda: None) == 0


def test_a_cancelled_job_does_not_wait_any_longer(clock):
    steps = JobSteps(None, None, 3, lambda *_: None, lambda: clock.now >= 2, pauses(clock, lambda: False).wait)
    with pytest.raises(JobCancelled):
        steps.give_way(2)
    assert clock.now == 2


def test_orders_of_any_implementation_that_wait_long_make_a_job_wait(redis, valkey_url, clock, monkeypatch):
    monkeypatch.setattr(module, "GivingWay", partial(GivingWay, sleep=clock.sleep, clock=clock))
    redis.sadd("st:pace:busy", "other")
    redis.rpush("st:orders:{other}", *range(400))
    with giving_way(make_settings(redis_url=valkey_url), "acme") as found:
        assert found.wait(lambda: None) == MOST_S
    redis.delete("st:orders:{other}")
    with giving_way(make_settings(redis_url=valkey_url), "acme") as found:
        assert found.wait(lambda: None) == 0
    assert LiveLoad.of_store(redis).may_start(module.REHEARSAL, "acme")


def test_without_a_store_that_answers_a_job_does_not_wait(clock, monkeypatch):
    monkeypatch.setattr(module, "connect_brief", lambda *_, **__: connect("redis://127.0.0.1:1/0"))
    said = []
    with giving_way(make_settings(redis_url="redis://127.0.0.1:1/0"), "acme") as found:
        found.wait(lambda: said.append(1))
    assert said == []
