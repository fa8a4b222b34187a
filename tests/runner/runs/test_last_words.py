"""What a script's process does after its last word: the answer was given already, and may have to be taken back."""

import dataclasses
import logging
import threading

import pytest

from records.changes.scripts import deployments
from records.changes.scripts.readiness import Without
from records.scripts import versions
from records.tenants import implementations
from runner.queues.status_jobs import RunOrder
from runner.runs.draining.wanted_runs import perform_run
from runner.status.service import StatusRequest
from sandbox import Sandbox
from tests.sandbox.boxes import RAW, indented
from tests.support.eventually import eventually

ANN = StatusRequest("acme", "ann", "s1")
ANSWER = 'frame(b\'{"t":"result","value":{"text":"Claim","link":null,"color":null}}\')\n'
TOO_LONG = ANSWER.replace("Claim", "A" * 500)
FORBIDDEN_CALL = indented(ANSWER + "import socket; socket.socket()")
SECOND_ANSWER = indented(ANSWER + ANSWER + "import os; os._exit(0)")
BROKEN_POINTER = indented(ANSWER + "import ctypes; ctypes.string_at(8)")
NEVER_ENDS = indented(ANSWER + "while True: pass")


@pytest.fixture(scope="module")
def raw():
    """A sandbox without the language: what its scripts do after their answer, no script of the language can do."""
    with Sandbox(launch=RAW) as box:
        yield box


@pytest.fixture
def fallen(house, raw, worker_services, monkeypatch):
    """Services whose scripts have left the language, in the real jail."""
    monkeypatch.setattr(house, "sandbox", raw)
    monkeypatch.setattr(worker_services.bundles, "_sandbox", raw)
    return dataclasses.replace(worker_services, sandbox=raw)


def make_run(house, services, token="run-1", asker=ANN):
    """One run; returns its order and the key of its status."""
    question = house.service._resolve(asker)
    claimed = services.cache.claim(question.key, token)
    assert claimed.mine
    order = RunOrder("acme", asker.user, "s1", question.seen.sha256, question.edition, token, claimed.generation)
    perform_run(services, order)
    return order, question.key


def suspended(house, version):
    with house.database.reading() as db:
        return versions.find_version(db, implementations.find(db, "acme"), version).suspended_reason


@pytest.mark.parametrize("source", [FORBIDDEN_CALL, SECOND_ANSWER], ids=["forbidden_call", "second_answer"])
def test_an_attack_after_the_last_word_suspends_the_version_and_takes_the_answer_back(house, fallen, source, caplog):
    house.add(source=source)
    order, key = make_run(house, fallen)
    assert fallen.sandbox.wait_for_ends(10)
    assert "run-1" in suspended(house, order.version)
    assert house.redis.hmget(key, "body", "good") == [None, None]
    assert fallen.cache.claim(key, "run-2").what == "pending"
    assert any(record.levelno == logging.CRITICAL for record in caplog.records)
    assert eventually(lambda: [(run.outcome, run.alarm, run.shown_as) for run in house.runs()])
    (run,) = house.runs()
    assert (run.outcome, run.alarm, run.shown_as, run.message["text"]) == ("crashed", True, "taken back", "Claim")
    assert eventually(lambda: house.service.ask(ANN).state == "hidden", seconds=2)


def test_an_attack_after_the_last_word_suspends_the_version_also_if_the_answer_could_not_be_stored(
    house, fallen, monkeypatch
):
    house.add(source=FORBIDDEN_CALL)
    question = house.service._resolve(ANN)

    def lost(*_given):
        raise ConnectionError("the store is away")

    monkeypatch.setattr(fallen.cache, "store", lost)
    with pytest.raises(ConnectionError):
        make_run(house, fallen)
    assert fallen.sandbox.wait_for_ends(10)
    assert "run-1" in suspended(house, question.seen.sha256)


def test_an_answer_that_was_taken_back_is_not_stored_by_a_run_that_had_begun(house, fallen):
    house.add(source=FORBIDDEN_CALL)
    order, key = make_run(house, fallen)
    assert fallen.sandbox.wait_for_ends(10)
    assert fallen.cache.begin(key, "run-2", order.generation, wall_s=5) is None


@pytest.mark.parametrize("end", ["import socket; socket.socket()", "import ctypes; ctypes.string_at(8)"])
def test_what_a_staged_version_does_after_it_failed_does_not_take_the_active_versions_message_back(house, fallen, end):
    house.add(source=indented("return message('Active')"))
    bad = house.store("acme", indented(TOO_LONG + end))
    house.commit(deployments.stage, bad.number, 90, without=Without.REVIEW)
    seen = house.service._snapshots.implementation("acme")
    inside = next(name for name in (f"user{number}" for number in range(100)) if seen.seen_by(name) is not seen.active)
    order, key = make_run(house, fallen, asker=StatusRequest("acme", inside, "s1"))
    assert order.version == bad.sha256
    assert fallen.sandbox.wait_for_ends(10)
    assert eventually(lambda: len(house.runs()) == 2)
    shown = {run.version == bad.sha256: (run.shown_as, run.outcome) for run in house.runs()}
    assert shown == {True: ("active version", "crashed"), False: ("fresh", "returned")}
    assert b"Active" in house.redis.hget(key, "body")


def test_an_interpreter_that_dies_after_the_last_word_is_a_crash_and_its_answer_is_taken_back(house, fallen, caplog):
    house.add(source=BROKEN_POINTER)
    _, key = make_run(house, fallen)
    assert fallen.sandbox.wait_for_ends(10)
    assert house.redis.hget(key, "body") is None
    assert "SCRIPT CRASH" in caplog.text
    assert eventually(house.runs)
    (run,) = house.runs()
    assert (run.outcome, run.alarm, run.error["signal"], run.shown_as) == ("crashed", False, "SIGSEGV", "taken back")


def test_a_child_that_does_not_end_after_its_last_word_is_killed_and_its_answer_holds(house, fallen):
    house.add(source=NEVER_ENDS)
    order, key = make_run(house, fallen)
    assert house.redis.hget(key, "body")
    assert fallen.sandbox.wait_for_ends(10)
    assert house.redis.hget(key, "body")
    assert not suspended(house, order.version)
    assert eventually(house.runs)
    (run,) = house.runs()
    assert (run.outcome, run.shown_as) == ("returned", "fresh")
    assert run.usage["cpu_ms"] < 1000


def test_the_trace_of_an_honest_run_has_what_its_child_used(house, worker_services):
    house.add()
    make_run(house, worker_services)
    assert worker_services.sandbox.wait_for_ends(10)
    assert eventually(house.runs)
    (run,) = house.runs()
    assert (run.outcome, run.shown_as) == ("returned", "fresh")
    assert run.usage["cpu_ms"] > 0
    assert run.usage["memory_bytes"] > run.usage["idle_bytes"] / 2


def test_a_child_that_ends_before_its_answer_is_stored_changes_nothing(house, worker_services, monkeypatch):
    """The end may be seen first: storing the answer can take its time."""
    house.add()
    store, ended = worker_services.cache.store, threading.Event()

    def store_late(*given):
        assert worker_services.sandbox.wait_for_ends(10)
        ended.set()
        return store(*given)

    monkeypatch.setattr(worker_services.cache, "store", store_late)
    _, key = make_run(house, worker_services)
    assert ended.is_set()
    assert house.redis.hget(key, "body")
    assert eventually(lambda: [run.shown_as for run in house.runs()] == ["fresh"])
