"""Requests that wait in the event loop: each is answered as in a thread, and nothing is left of those who leave."""

import asyncio
import os
import signal
import threading
import time
from contextlib import ExitStack

import pytest

from runner.logins import EndedLogins, LoginEnded
from runner.logins.ended_logins import all_key, login_key
from runner.logs import line_ids
from runner.pressure.live_load import LiveLoad
from runner.pressure.run_admission import RunAdmission
from runner.status.cache import DONE
from runner.status.waiting_slots import WaitingSlots
from runner.store.embedded import EmbeddedStore
from tests.runner.conftest import House
from tests.runner.status.asking.conftest import PATIENT, loop_stage, person
from tests.runner.test_killed_drainers import DyingWorker
from tests.support.eventually import eventually

ANN, BEN = person("ann"), person("ben")
ORDERS = "st:orders:{acme}"


@pytest.fixture
def claims(stage, monkeypatch):
    """The claims that are made."""
    made, claim = [], stage.access.claim

    async def counted(*given):
        made.append(given)
        return await claim(*given)

    monkeypatch.setattr(stage.access, "claim", counted)
    return made


def test_a_request_that_waits_is_answered_by_the_end_of_its_run_and_claims_once(stage, claims, work_off):
    (asked,) = stage.park(ANN)
    work_off()
    status = asked.result(PATIENT)
    assert (status.state, status.message.text, status.stale) == ("ready", "Claim 1.0 CE credit", False)
    assert 50 <= status.refresh_after <= 70
    assert len(claims) == 1
    assert stage.is_clean()
    assert stage.house.service.ask(ANN).body == status.body


def test_all_who_wait_for_one_run_are_answered_by_it(stage):
    asked = stage.park(*[ANN] * 20)
    stage.finish(ANN)
    assert {each.result(PATIENT).message.text for each in asked} == {"Claim 1.0 CE credit"}
    assert stage.house.redis.llen(ORDERS) == 1


def test_1000_who_wait_at_once_are_each_given_their_own_message(stage):
    load = LiveLoad.of_store(stage.house.redis)
    stage.house.service._asking._admission = RunAdmission(load, per_s=100_000)  # otherwise 500 runs begin
    crowd = [person(f"person {number}") for number in range(1000)]
    threads = threading.active_count()
    asked = stage.park(*crowd)
    assert threading.active_count() <= threads + 4  # those for jobs and counts
    for request in reversed(crowd):
        stage.finish(request, f"Hello {request.user}")
    for request, each in zip(crowd, asked, strict=True):
        assert each.result(PATIENT).message.text == f"Hello {request.user}"
    assert stage.is_clean()


def test_when_the_time_is_up_it_is_checking_and_claims_again(stage, claims):
    status = stage.ask(ANN, wait_s=0.05).result(PATIENT)
    assert (status.state, status.message) == ("checking", None)
    assert status.refresh_after >= 1
    assert len(claims) == 2
    assert stage.is_clean()


def test_without_a_wish_to_wait_it_is_answered_at_once(stage, claims):
    assert stage.ask(ANN, wait_s=0.0).result(PATIENT).state == "checking"
    assert len(claims) == 1
    assert stage.house.redis.llen(ORDERS) == 1


def test_a_run_that_was_ordered_gets_its_job_although_its_client_left_during_the_claim(stage):
    """The attack: send a request and leave, again and again, so that drainers are appointed that never come."""

    async def leave():
        asked = asyncio.ensure_future(stage.answers.ask(stage.answers.resolved(ANN), PATIENT))
        for _ in range(3):  # so that its claim is on its way
            await asyncio.sleep(0)
        asked.cancel()
        await asyncio.wait([asked])
        return asked.cancelled()

    assert stage.run(leave())
    assert eventually(lambda: stage.house.redis.llen("rq:queue:status") == 1)
    assert stage.house.redis.llen(ORDERS) == 1


def test_of_clients_that_leave_while_they_wait_nothing_is_left(stage):
    leaving, (staying,) = stage.park(*[ANN] * 50), stage.park(BEN)
    for each in leaving:
        each.cancel()
    assert eventually(lambda: stage.slots._taken.total() == 1)
    assert list(stage.house.service._change_listener._waiting) == [stage.key(BEN)]
    for request in (ANN, BEN):
        stage.finish(request)
    assert staying.result(PATIENT).state == "ready"
    assert stage.is_clean()


def test_a_login_that_has_ended_claims_nothing_and_is_left_to_a_thread(stage):
    EndedLogins(stage.house.redis).end(ANN.login)
    assert stage.ask(ANN).result(PATIENT) is None
    assert stage.house.redis.llen(ORDERS) == 0
    assert stage.is_clean()


@pytest.mark.parametrize("rubbish", [b"", b"\n0\nevil\n1\n{}", b"\n9\nready\n60000\n[]"])
def test_a_message_that_is_no_answer_only_makes_the_request_look(stage, claims, rubbish):
    (asked,) = stage.park(ANN)
    stage.house.redis.publish(DONE, stage.key(ANN).encode() + rubbish)
    assert eventually(lambda: len(claims) == 2)
    stage.finish(ANN)
    assert asked.result(PATIENT).message.text == "Claim 1.0 CE credit"


def test_rubbish_on_the_channel_does_not_end_the_listening(stage):
    (asked,) = stage.park(ANN)
    for rubbish in (b"", b"\xff\xfe\n\xff", b"x" * 1_000_000, b"\0" * 9):
        stage.house.redis.publish(DONE, rubbish)
    stage.finish(ANN)
    assert asked.result(PATIENT).state == "ready"


def test_after_a_lost_subscription_those_who_wait_look_again(stage):
    (asked,) = stage.park(ANN)
    stage.house.redis.client_kill_filter(_type="pubsub")
    stage.finish(ANN)  # perhaps unheard
    assert asked.result(PATIENT).message.text == "Claim 1.0 CE credit"


def test_an_answer_from_before_a_return_is_not_given_after_it(stage):
    stage.park(ANN)
    back = stage.come_back(ANN)
    assert eventually(lambda: stage.slots._taken.total() == 2)
    stage.house.redis.publish(
        DONE, stage.key(ANN).encode() + b"\n0\nready\n60000\n" + b'{"message":null,"as_of":null,"run":"old"}'
    )
    stage.finish(ANN, "Credit claimed")
    assert back.result(PATIENT).message.text == "Credit claimed"


def test_a_return_waits_for_its_run_as_in_a_thread(stage):
    stage.park(ANN)
    stage.finish(ANN)
    stage.house.redis.delete(ORDERS)
    back = stage.come_back(ANN)
    assert eventually(lambda: stage.house.redis.llen("st:orders:{acme}:back") == 1)
    stage.finish(ANN, "Credit claimed")
    status = back.result(PATIENT)
    assert (status.state, status.message.text) == ("ready", "Credit claimed")
    assert stage.is_clean()


def test_a_return_whose_time_is_up_is_checking_with_the_old_message(stage):
    stage.park(ANN)
    stage.finish(ANN)
    status = stage.come_back(ANN, wait_s=0.05).result(PATIENT)
    assert (status.state, status.message.text) == ("checking", "Claim 1.0 CE credit")


def test_a_return_where_the_message_is_hidden_outdates_what_was_found_before(stage):
    stage.house.change("acme", user_types=["staff"])

    def hidden():
        stage.house.service.ask(ANN)  # reads what was changed
        status = stage.come_back(ANN).result(PATIENT)
        return status and status.state == "hidden"

    assert eventually(hidden)
    assert stage.house.redis.hmget(stage.key(ANN), ["gen", "due", "lock"]) == [b"1", b"1", None]
    assert stage.house.redis.keys("st:back:{acme:*")


def test_a_return_of_a_login_that_has_ended_notes_nothing(stage):
    EndedLogins(stage.house.redis).end(ANN.login)
    assert stage.come_back(ANN).result(PATIENT) is None
    assert stage.house.redis.keys("st:back:*") == []
    assert stage.house.redis.keys("st:{acme:*") == []


@pytest.mark.parametrize("key", [login_key(ANN.login), all_key("acme", "ann")])
def test_a_return_of_a_login_whose_end_is_of_another_type_notes_nothing(stage, key):
    stage.house.redis.rpush(key, "odd")
    assert stage.come_back(ANN).result(PATIENT) is None
    with pytest.raises(LoginEnded):
        stage.house.service.returned(ANN)
    assert stage.house.redis.keys("st:back:*") == []


def test_an_entry_that_was_not_written_by_us_is_left_to_a_thread(stage):
    key = stage.key(ANN)
    stage.house.redis.set(key, "a text")
    assert stage.ask(ANN).result(PATIENT) is None
    assert stage.is_clean()
    assert stage.house.service.ask(ANN).state == "checking"


def test_the_people_of_one_implementation_leave_a_quarter_of_the_places_to_others(stage):
    stage.access.slots = stage.slots = WaitingSlots(8)
    waiting = stage.park(*[ANN] * 6)
    assert stage.ask(ANN).result(PATIENT).state == "checking"  # at once
    assert stage.slots._taken["acme"] == 6
    stage.finish(ANN)
    assert {each.result(PATIENT).state for each in waiting} == {"ready"}


def test_the_places_of_the_loop_are_not_those_of_the_threads(stage):
    with ExitStack() as stack:
        while stack.enter_context(stage.house.service._threads.slots.taken_for("acme")):
            pass
        (asked,) = stage.park(ANN)
        stage.finish(ANN)
        assert asked.result(PATIENT).state == "ready"


def test_a_request_that_waits_in_a_thread_is_woken_by_what_the_loop_hears(stage):
    """As that of a widget page does. No second subscription hears the ends of runs."""
    assert stage.listeners() == 1
    found, claims = [], []
    claim = stage.house.service._cache.claim
    stage.house.service._cache.claim = lambda *given, **named: claims.append(given) or claim(*given, **named)
    asking = threading.Thread(target=lambda: found.append(stage.house.service.ask(ANN, wait_s=PATIENT)))
    asking.start()
    assert eventually(lambda: stage.house.redis.llen(ORDERS))
    stage.finish(ANN)
    asking.join()
    assert found[0].message.text == "Claim 1.0 CE credit"
    assert len(claims) == 1


def test_half_of_the_connections_are_the_places_of_the_loop(stage):
    assert stage.slots._most == stage.house.settings.web_connections // 2


def test_a_wait_for_the_stores_counts_does_not_hold_up_the_loop(stage, monkeypatch):
    """`Retry-After` needs them once a second, by the store's client, which blocks."""
    asked_in = []

    def read(_):
        asked_in.append((threading.current_thread().name[:12], len(line_ids.present()["request"])))
        return (0, 0)

    monkeypatch.setattr(stage.house.service._load, "_backlog", read)
    assert stage.ask(ANN, wait_s=0.0).result(PATIENT).state == "checking"
    assert asked_in == [("for the loop", 16)]  # and its log lines carry the id of a request


def test_what_is_stale_is_shown_by_the_loop_while_it_is_refreshed(stage):
    stage.park(ANN)
    stage.finish(ANN)
    now_ms = int(time.time() * 1000)
    stage.house.redis.hset(stage.key(ANN), mapping={"fresh": now_ms - 10, "span": 60_000})
    status = stage.ask(ANN).result(PATIENT)
    assert (status.state, status.stale, status.message.text) == ("ready", True, "Claim 1.0 CE credit")


@pytest.fixture
def mortal(tmp_path, sandbox, blank):
    """A stage whose store can be killed."""
    (tmp_path / "own").mkdir()
    with EmbeddedStore(tmp_path / "store") as store:
        house = House(tmp_path / "own", store.url, sandbox, blank)
        house.add()
        with loop_stage(house) as stage:
            yield stage, store
        house.close()


def test_of_those_who_wait_when_the_store_dies_nothing_is_left(mortal):
    stage, store = mortal
    asked = stage.park(*[person(f"person {number}") for number in range(100)], wait_s=1.0)
    store._process.kill()
    store._process.wait()
    assert {each.result(PATIENT) for each in asked} == {None}  # a thread says that the store is away
    assert stage.is_clean()
    store.start()
    assert eventually(lambda: stage.look(ANN) is not None, seconds=PATIENT)


def test_a_frozen_store_holds_no_request_for_longer_than_its_wait_and_a_second(mortal):
    stage, store = mortal
    asked = stage.park(*[person(f"person {number}") for number in range(20)], wait_s=0.5)
    os.kill(store._process.pid, signal.SIGSTOP)
    try:
        assert {each.result(PATIENT) for each in asked} == {None}
    finally:
        os.kill(store._process.pid, signal.SIGCONT)
    assert stage.is_clean()


@pytest.mark.slow
def test_those_who_wait_for_a_worker_that_is_killed_are_answered_by_the_next(stage, start_worker, tmp_path):
    killed = DyingWorker(stage.house, tmp_path / "dying.log", "in the run")
    try:
        killed.await_ready(stage.house.redis)
        asked = stage.park(ANN, BEN)
        assert killed.process.wait(20) == -9
    finally:
        killed.process.kill()
        killed.process.wait()
    start_worker()
    cat = person("cat")
    assert eventually(lambda: (status := stage.look(cat)) and status.state == "ready", seconds=15)
    assert {each.result(PATIENT).message.text for each in asked} == {"Claim 1.0 CE credit"}
