"""Runs of the test pane over the store: what an author gets, what they are told without a worker, and what hostile stores get."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from records import SecretBox
from records.scripts import versions
from records.tenants import implementations
from runner.checks import check_services, script_runs
from runner.checks.check_orders import ReplyUnreadable
from runner.checks.run_orders import WAITING_RUNS, RunSealer, ScriptRunOrder, run_order_key
from runner.checks.run_server import RunServer
from runner.checks.script_runs import (
    BUSY,
    LOST,
    MOST_WAITING,
    NO_WORKER,
    OWN_TURN,
    STORE_AWAY,
    RunUnavailable,
    ScriptRuns,
)
from runner.queues.job_arguments import OrderRefused
from runner.store.clients import connect_once
from runner.trials.trial import Trial
from runner.trials.trial_terms import TrialTerms
from sandbox import OutcomeKind, RunLimits, ScriptInput
from tests.support.application import KEY
from tests.support.author_house import GOOD
from tests.support.eventually import eventually

ANN = "demo/ann"
GIVEN = ScriptInput(user={"id": "u1"}, session={"id": "s1"}, settings={}, now="2026-05-04T13:00:00+00:00")
TERMS = TrialTerms(GIVEN, (), RunLimits(wall_s=1.0))
SOURCE = """
def status(user, session, api):
    api.log(user.id)
    return message("Hello " + api.get("ethos", "/x").text)
"""
ANSWERS = [{"connection": "ethos", "method": "GET", "path": "/x", "text": "you"}]


def order(**changes):
    return replace(ScriptRunOrder("a" * 32, "demo", GOOD, TERMS, [], int(time.time())), **changes)


def made(redis):
    return ScriptRuns(redis, SecretBox([KEY]), most=RunLimits(), allow_loopback=False)


@pytest.fixture
def runs(redis):
    return made(redis)


@pytest.fixture
def unserved(idle_store):
    return made(idle_store)


@pytest.fixture
def sealer(box):
    return RunSealer(box)


def refusal(runs, by=ANN):
    with pytest.raises(RunUnavailable) as refused:
        runs.run("demo", SOURCE, TERMS, ANSWERS, by=by)
    return str(refused.value)


@pytest.mark.usefixtures("checking_worker")
def test_a_worker_runs_the_text_and_nothing_of_it_stays_in_the_store(runs, redis):
    reply = runs.run("demo", SOURCE, TERMS, ANSWERS, by=ANN)
    trial = reply["trial"]
    assert (trial["outcome"], trial["message"]["text"], trial["log"]) == ("returned", "Hello you", ["u1"])
    assert (reply["used"]["calls"], reply["used"]["log_lines"]) == (1, 1)
    assert redis.keys("ck:*") == []


@pytest.mark.usefixtures("checking_worker")
@pytest.mark.parametrize("text", ["", "\ud800", "import os", "def status(", "# " + "ä" * 100_000], ids=range(5))
def test_any_text_gets_an_outcome_with_findings(runs, text):
    trial = runs.run("demo", text, TERMS, [], by=ANN)["trial"]
    assert trial["outcome"] == "refused"
    assert trial["findings"]


@pytest.mark.usefixtures("checking_worker")
def test_a_text_that_never_ends_is_ended_by_its_budget(runs):
    endless = "def status(user, session, api):\n    while True:\n        pass\n"
    assert runs.run("demo", endless, TERMS, [], by=ANN)["trial"]["outcome"] in ("timed out", "raised")


def test_without_a_worker_or_a_store_the_author_is_told_at_once(runs, redis):
    assert refusal(runs) == NO_WORKER
    assert redis.keys("ck:*") == []
    assert refusal(made(connect_once("redis://127.0.0.1:1"))) == STORE_AWAY


def test_an_order_that_no_worker_begins_in_time_is_taken_back(unserved, idle_store, monkeypatch):
    monkeypatch.setattr(script_runs, "BEGIN_S", 0.2)
    assert refusal(unserved) == BUSY
    assert idle_store.keys("ck:*") == []


def test_a_worker_that_dies_with_a_run_leaves_an_author_who_is_told(unserved, idle_store, monkeypatch):
    monkeypatch.setattr(script_runs, "BEGIN_S", 0.2)
    monkeypatch.setattr(script_runs, "BEYOND_S", -0.5)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(refusal, unserved)
        idle_store.blpop([WAITING_RUNS], 5)  # taken, and never answered
        assert asked.result() == LOST
    assert refusal(unserved) == BUSY  # the turn is free again


@pytest.mark.usefixtures("checking_worker")
def test_a_run_that_waits_for_its_answers_keeps_no_other_person_waiting(runs):
    slow = [ANSWERS[0] | {"delay_ms": 900}]
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(runs.run, "demo", SOURCE, TERMS, slow, by="demo/mallory")
        time.sleep(0.1)
        done = runs.run("other", SOURCE, TERMS, ANSWERS, by="other/eve")
        assert not waiting.done()
    assert done["trial"]["message"]["text"] == waiting.result()["trial"]["message"]["text"] == "Hello you"


def test_one_run_of_a_person_at_a_time_and_few_requests_wait(unserved, idle_store, monkeypatch):
    monkeypatch.setattr(script_runs, "BEGIN_S", 1.0)
    with ThreadPoolExecutor(MOST_WAITING) as pool:
        people = [ANN, *(f"demo/p{number}" for number in range(MOST_WAITING - 1))]
        asked = [pool.submit(refusal, unserved, by) for by in people]
        eventually(lambda: idle_store.llen(WAITING_RUNS) == MOST_WAITING)
        assert refusal(unserved, "demo/another") == BUSY
        assert refusal(made(idle_store)) == OWN_TURN
        assert {one.result() for one in asked} == {BUSY}


FORGED = {
    "of another key": lambda made, _: RunSealer(SecretBox(["f" * 40])).sealed_reply(made, {"trial": {}}),
    "to another order": lambda made, own: own.sealed_reply(replace(made, id="b" * 32), {"trial": {}}),
    "to another text": lambda made, own: own.sealed_reply(replace(made, source="#"), {"trial": {}}),
    "of another implementation": lambda made, own: own.sealed_reply(
        replace(made, implementation="other"), {"trial": {}}
    ),
    "the order itself": lambda made, own: own.sealed_order(made),
    "no object": lambda made, own: own._box.seal("[]", place=f"run reply {made.id} demo x"),
    "nothing": lambda *_: b"",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_reply_that_is_not_ours_to_this_very_order_is_refused(sealer, forged):
    with pytest.raises(ReplyUnreadable):
        sealer.reply_of(order(), forged(order(), sealer))


HOSTILE_ORDERS = {
    "of another key": lambda own: (order().id, RunSealer(SecretBox(["f" * 40])).sealed_order(order())),
    "of another id": lambda own: ("b" * 32, own.sealed_order(order())),
    "replayed after an hour": lambda own: (order().id, own.sealed_order(order(ordered_at=int(time.time()) - 3600))),
    "at no time": lambda own: (order().id, own.sealed_order(order(ordered_at="now"))),
    "a reply": lambda own: (order().id, own.sealed_reply(order(), {})),
    "another shape": lambda own: (order().id, own._box.seal("[1]", place=f"run order {order().id}")),
    "endless budgets": lambda own: (
        order().id,
        own._box.seal('{"limits": {"wall_s": 0}}', place=f"run order {order().id}"),
    ),
    "no order": lambda own: (order().id, b"\xff"),
}


@pytest.mark.parametrize("hostile", HOSTILE_ORDERS.values(), ids=HOSTILE_ORDERS)
def test_an_order_that_is_not_ours_is_not_run(sealer, hostile):
    with pytest.raises(OrderRefused):
        sealer.order_of(*hostile(sealer))


@pytest.mark.usefixtures("checking_worker")
def test_a_worker_goes_on_after_orders_that_nobody_sane_wrote(redis, runs, sealer):
    for hostile in HOSTILE_ORDERS.values():
        order_id, sealed = hostile(sealer)
        redis.set(run_order_key(order_id), sealed)
        redis.rpush(WAITING_RUNS, order_id)
    redis.hset(run_order_key("c" * 32), "a", "hash")
    redis.rpush(WAITING_RUNS, "c" * 32, b"\xff\xfe", "gone")
    eventually(lambda: redis.llen(WAITING_RUNS) == 0)
    assert runs.run("demo", SOURCE, TERMS, ANSWERS, by=ANN)["trial"]["outcome"] == "returned"


def test_an_alarm_names_the_implementation_and_the_text(box, redis):
    class Alarming:
        def run(self, *_):
            return Trial(OutcomeKind.CRASHED, alarm=True)  # no script is known that does this

    told = []
    server = RunServer(redis=redis, box=box, sandbox=Alarming(), on_alarm=lambda *which: told.append(which))
    server._ran(order())
    assert [(slug, len(sha256)) for slug, sha256 in told] == [("demo", 64)]


def test_an_alarm_suspends_the_version_with_this_text(house):
    house.add(source=None)
    sha256 = house.store("acme", GOOD).sha256
    check_services._alarm(house.settings, "acme", sha256)
    with house.database.reading() as db:
        version = versions.find_version(db, implementations.find(db, "acme"), sha256)
        assert "test pane" in version.suspended_reason
