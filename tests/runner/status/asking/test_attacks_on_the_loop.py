"""Attacks on what the event loop does: many at once where threads let only a few through, and clients that leave early."""

import asyncio

import pytest

from runner.logins import EndedLogins
from runner.pressure import run_admission
from runner.pressure.live_load import LiveLoad
from runner.pressure.run_admission import RunAdmission
from runner.status.asking.loop_access import LeftToThread
from runner.status.service import StatusRequest
from tests.runner.status.asking.conftest import PATIENT, SINCE, person
from tests.support.eventually import eventually

ANN = person("ann")
ORDERS = "st:orders:{acme}"
SESSIONS = tuple(f"s{number}" for number in range(30))


@pytest.fixture
def admission(stage):
    """Lets one implementation start ten runs, and no more, because its clock stands still."""
    found = RunAdmission(LiveLoad.of_store(stage.house.redis), per_s=10, clock=lambda: 0.0)
    stage.house.service._asking._admission = found
    return found


def at_once(stage, requests):
    """The answers to requests of one turn of the loop."""

    async def crowd():
        resolved = [stage.answers.resolved(request) for request in requests]
        return await asyncio.gather(*(stage.answers.ask(each, 0.0) for each in resolved))

    return stage.run(crowd())


def test_a_crowd_in_one_turn_of_the_loop_starts_no_more_runs_than_its_implementation_may(stage, admission):
    answers = at_once(stage, [person(f"person {number}") for number in range(40)])
    assert stage.house.redis.llen(ORDERS) == 10
    assert {status.state for status in answers} == {"checking"}


def test_a_user_who_asks_about_all_sessions_in_one_turn_starts_no_more_runs_than_a_user_may(stage, monkeypatch):
    monkeypatch.setattr(run_admission, "USER_RUNS", 4)
    admission = RunAdmission(LiveLoad.of_store(stage.house.redis), per_s=100, clock=lambda: 0.0)
    stage.house.service._asking._admission = admission
    stage.house.add("zeta", sessions=SESSIONS)
    requests = [StatusRequest("zeta", "ann", session, "the-login-of-ann", SINCE) for session in SESSIONS]

    def remembered():
        for request in requests:
            stage.house.service.check_exists("zeta", request.session)
        return all(stage.answers.resolved(request) for request in requests)

    assert eventually(remembered)  # the news of the change may still be on its way, and drops them
    at_once(stage, requests)
    assert stage.house.redis.llen("st:orders:{zeta}") == 4


def test_claims_that_start_no_run_use_up_nothing_of_what_others_may_start(stage, admission):
    """The attack: ask again and again about a message that is on its way, so that others at the event get none."""
    for _ in range(20):
        at_once(stage, [ANN])
    at_once(stage, [person(f"person {number}") for number in range(40)])
    assert stage.house.redis.llen(ORDERS) == 10


def test_a_login_that_has_ended_uses_up_nothing_of_what_others_may_start(stage, admission):
    EndedLogins(stage.house.redis).end(ANN.login)
    for _ in range(20):
        assert at_once(stage, [ANN]) == [None]
    at_once(stage, [person(f"person {number}") for number in range(40)])
    assert stage.house.redis.llen(ORDERS) == 10


def test_a_client_that_leaves_while_its_return_is_noted_where_the_message_is_hidden_leaves_no_lock(stage):
    """The attack: come back before the message is shown and hang up, so that the first who asks then waits for no run."""
    stage.house.change("acme", user_types=["staff"])
    assert eventually(lambda: _is_hidden(stage))

    async def leave():
        claimed, noted, goes_on = stage.access._claimed, asyncio.Event(), asyncio.Event()

        async def slowly(call):
            found = await claimed(call)
            noted.set()
            await goes_on.wait()
            return found

        stage.access._claimed = slowly
        told = asyncio.ensure_future(stage.answers.returned(stage.answers.resolved(ANN), 0.0))
        await noted.wait()
        told.cancel()
        await asyncio.wait([told])
        goes_on.set()

    stage.run(leave())
    assert eventually(lambda: stage.house.redis.hget(stage.key(ANN), "lock") is None)
    assert stage.house.redis.hget(stage.key(ANN), "gen") == b"1"


def test_a_return_whose_connection_is_lost_while_it_waits_is_not_told_twice(stage):
    """Otherwise a thread told it again after the wait: that would be another return, which makes the run under way outdated."""

    async def lost(*_):
        raise LeftToThread

    stage.access.claim = lost
    status = stage.come_back(ANN, 0.2).result(PATIENT)
    assert status.state == "checking"
    assert stage.house.redis.hget(stage.key(ANN), "gen") == b"1"
    assert stage.is_clean()


def _is_hidden(stage):
    stage.house.service.ask(ANN)  # reads what was changed
    status = stage.ask(ANN).result(PATIENT)
    return status is not None and status.state == "hidden"
