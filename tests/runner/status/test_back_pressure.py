"""What people see when more comes than can be done: never an error, no order that helps no one, and no one in front."""

import time
from dataclasses import replace

import pytest

from runner.pressure.run_admission import USER_RUNS
from runner.pressure.run_counts import key_of
from runner.queues.status_jobs import StatusQueue
from runner.status.service import StatusRequest, StatusService
from runner.store.clients import connect

ANN, BEN = StatusRequest("acme", "ann", "s1"), StatusRequest("acme", "ben", "s1")
ORDERS, RETURNED = "st:orders:{acme}", "st:orders:{acme}:back"


def stop_time(service):
    """Let no reading grow old and no bucket fill, however slow the machine is."""
    now = time.monotonic()
    for part in (service._load, service._admission._users, service._admission._implementations):
        part._clock = lambda: now


def press(house, orders=0, returned=0):
    """Let orders wait, and let the service notice. Runs take 0.25 s, so that 48 end each second, whatever a worker adds."""
    for name, count in ((ORDERS, orders), (RETURNED, returned)):
        house.redis.delete(name)
        if count:
            house.redis.rpush(name, *range(count))
    stop_time(house.service)
    house.redis.hset(key_of("acme"), mapping={"ended": 1000, "busy_ms": 250_000})
    house.service._load._readings.clear()
    house.service._admission._words.clear()
    house.service._load.ask_again_s("acme", 12, returned=False)


def waiting(house):
    return house.redis.llen(ORDERS), house.redis.llen(RETURNED)


def test_a_first_look_that_would_wait_longer_than_people_do_is_checking_without_an_order_or_a_wait(house):
    house.add()
    press(house, orders=48 * 31)
    for wait_s in (0.0, 2.0):
        status = house.service.ask(ANN, wait_s=wait_s)
        assert (status.state, status.message) == ("checking", None)
        assert 20 <= status.refresh_after <= 28
    assert not house.claim(ANN).unanswered  # so nothing is waited for
    assert waiting(house) == (48 * 31, 0)
    assert house.redis.keys("st:{acme:*") == []  # no lock, and no wait that could become "unavailable"
    press(house)
    assert house.service.ask(ANN).state == "checking"
    assert waiting(house) == (1, 0)


def test_what_is_stale_is_shown_as_such_and_refreshed_when_fewer_wait(house, work_off):
    house.add()
    house.service.ask(ANN)
    work_off()
    (key,) = house.redis.keys("st:{acme:*")
    house.redis.hset(key, "fresh", 1)
    press(house, orders=48 * 2)
    status = house.service.ask(ANN)
    assert (status.state, status.stale, status.message.text) == ("ready", True, "Claim 1.0 CE credit")
    assert waiting(house) == (96, 0)
    assert house.service.ask(BEN).state == "checking"  # a first look is still ordered
    assert waiting(house) == (97, 0)
    press(house)
    house.service.ask(ANN)
    assert waiting(house) == (1, 0)


def test_who_came_back_is_ordered_although_first_looks_are_not(house):
    house.add()
    press(house, orders=48 * 40)
    assert house.service.returned(ANN).state == "checking"
    assert waiting(house) == (48 * 40, 1)


def test_a_return_that_is_not_ordered_is_noted_and_ordered_when_fewer_wait(house, work_off):
    house.add()
    house.service.ask(ANN)
    work_off()
    press(house, returned=48 * 31)
    back = house.service.returned(ANN)
    assert (back.state, back.message.text) == ("checking", "Claim 1.0 CE credit")
    assert house.service.ask(ANN).state == "checking"  # never the old message as a fresh one
    assert waiting(house) == (0, 48 * 31)
    press(house)
    assert house.service.ask(ANN).state == "checking"
    assert waiting(house) == (0, 1)
    work_off()
    assert house.service.ask(ANN).state in ("ready", "checking")  # the same message is checked again


def test_one_user_with_many_sessions_starts_a_bounded_number_of_runs_and_delays_no_one(house):
    sessions = [f"s{number}" for number in range(USER_RUNS + 15)]
    house.add(sessions=sessions)
    stop_time(house.service)
    states = {house.service.ask(replace(ANN, session=session)).state for session in sessions}
    states |= {house.service.returned(replace(ANN, session=session)).state for session in sessions}
    assert states == {"checking"}
    assert sum(waiting(house)) == USER_RUNS
    house.service.ask(BEN)
    assert sum(waiting(house)) == USER_RUNS + 1


def test_one_implementation_starts_no_more_runs_than_the_operator_allows(house):
    house.add()
    house.add("beta")
    settings = replace(house.settings, web_runs_per_s=5)
    service = StatusService(
        settings=settings,
        database=house.database,
        redis=connect(settings.redis_url),
        queue=StatusQueue(connect(settings.redis_url)),
    )
    stop_time(service)
    states = {service.ask(StatusRequest("acme", f"user{number}", "s1")).state for number in range(40)}
    assert states == {"checking"}
    assert waiting(house) == (5, 0)
    assert service.ask(StatusRequest("beta", "ann", "s1")).state == "checking"
    assert house.redis.llen("st:orders:{beta}") == 1
    service.close()


@pytest.mark.parametrize("found", ["garbage", "-5", "9" * 15, "9" * 30, b"\xff"])
def test_poisoned_rates_change_neither_the_answer_nor_the_bounds_of_the_wait(house, found):
    house.add()
    house.redis.hset(key_of("acme"), mapping={"ended": found, "busy_ms": found})
    status = house.service.ask(ANN)
    assert status.state == "checking"
    assert 1 <= status.refresh_after <= 28


def test_orders_in_a_key_of_another_kind_are_no_backlog(house):
    house.add()
    house.redis.set(ORDERS, "x")
    house.redis.set(RETURNED, "x")
    assert house.service.ask(ANN).state == "checking"
    assert waiting(house)[0] == 1


def test_the_rate_is_measured_where_runs_end(house, work_off, worker_services):
    house.add()
    house.service.ask(ANN)
    house.service.ask(BEN)
    work_off()
    worker_services.periodic_writes.write()
    ended, busy_ms = house.redis.hmget(key_of("acme"), "ended", "busy_ms")
    assert int(ended) == 2
    assert 0 < int(busy_ms) < 60_000
