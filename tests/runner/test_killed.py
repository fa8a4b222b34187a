"""Whatever is killed, whenever: no status stays stuck, no setting is lost, and the next request recovers."""

import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

import worker
from runner.runs.worker_services import JailTooWeak
from runner.status.service import StatusRequest, StoreAway
from runner.store.embedded import EmbeddedStore
from runner.store.worker_heartbeat import workers_present
from tests.runner.conftest import House, WorkerProcess
from tests.support.eventually import eventually

ANN = StatusRequest("acme", "ann", "s1")
#: A script cannot sleep, so a slow one computes; its calls to a slow vendor are tested with the powers.
SLOW = """
def status(user, session, api):
    total = 0
    for n in range(user.attributes.get("n", api.settings["n"])):
        total = total + n * n % 7
    return message("Slow")
"""


def answered(house, asker=ANN, *, seconds):
    """Ask as the app does, until there is a message."""
    end = time.monotonic() + seconds
    while True:
        status = house.service.ask(asker, wait_s=0.8)
        if status.state == "ready" or time.monotonic() > end:
            return status
        time.sleep(0.1)


def crowd(house, askers, *, wait_s=0.8):
    """All ask at once; returns their statuses."""
    found, start = [], threading.Barrier(len(askers))

    def ask(asker):
        start.wait()
        found.append(house.service.ask(asker, wait_s=wait_s))

    threads = [threading.Thread(target=ask, args=(asker,)) for asker in askers]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    return found


def zygote_of(started):
    """The pid of a worker's only child process."""
    children = Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text().split()
    assert children
    return int(children[0])


def running(house):
    """How many runs have begun and not ended."""
    return sum(house.redis.hget(key, "ran") == b"1" for key in house.redis.keys("st:{*"))


def test_300_who_ask_at_once_for_one_cold_status_cause_exactly_one_run(house, start_worker):
    house.add(source=SLOW, script_settings={"n": 100_000})
    start_worker()
    statuses = crowd(house, [ANN] * 300, wait_s=1)
    assert {status.state for status in statuses} <= {"ready", "checking"}
    assert answered(house, seconds=5).state == "ready"
    time.sleep(0.5)
    assert len(house.runs()) == 1


def test_a_worker_says_that_it_is_there_what_its_jail_holds_and_when_it_goes(house, start_worker):
    started = start_worker()
    (note,) = workers_present(house.redis)
    assert (note.pid, note.places, note.runtime) == (started.pid, 16, house.sandbox.report.runtime)
    assert note.jail["seccomp"] is True
    assert started.stop() == 0
    assert workers_present(house.redis) == ()


@pytest.mark.slow
def test_a_worker_killed_in_the_middle_of_a_run_leaves_no_status_stuck(house, start_worker):
    house.add(source=SLOW, script_settings={"n": 10**9}, limits={"wall_s": 2, "cpu_s": 2}, concurrency=1)
    started = start_worker()
    house.service.ask(ANN)
    assert eventually(lambda: running(house) == 1)
    started.process.kill()
    started.process.wait()
    house.know(n=10)
    house.know("bob", n=10)
    began = time.monotonic()
    start_worker()
    status = answered(house, seconds=15)  # its lock ends 3 s after the wall time
    assert status.message.text == "Slow"
    assert time.monotonic() - began < 10
    assert (
        answered(house, StatusRequest("acme", "bob", "s1"), seconds=3).state == "ready"
    )  # its share is free again, too


@pytest.mark.slow
def test_a_worker_killed_at_any_moment_loses_no_status(house, start_worker):
    house.add(source=SLOW, script_settings={"n": 50_000}, limits={"wall_s": 1})
    askers = [StatusRequest("acme", f"user-{number}", "s1") for number in range(40)]
    for _ in range(2):
        started = start_worker()
        for asker in askers:
            house.service.ask(asker)
        time.sleep(0.15)
        started.process.kill()
        started.process.wait()
    start_worker()
    end = time.monotonic() + 25
    waiting = set(askers)
    while waiting and time.monotonic() < end:
        waiting = {asker for asker in waiting if house.service.ask(asker).state != "ready"}
        time.sleep(0.2)
    assert not waiting


@pytest.mark.slow
def test_a_killed_zygote_is_replaced_and_the_next_request_recovers(house, start_worker):
    house.add(source=SLOW, script_settings={"n": 10**9}, limits={"wall_s": 2, "cpu_s": 2})
    started = start_worker()
    house.service.ask(ANN)
    assert eventually(lambda: running(house) == 1)
    os.kill(zygote_of(started), signal.SIGKILL)
    assert eventually(lambda: running(house) == 0, seconds=5)
    house.know(n=10)
    house.know("bob", n=10)
    house.redis.hset(house.redis.keys("st:{acme:*")[0], "fresh", 1)
    assert answered(house, seconds=8).message.text == "Slow"
    assert started.process.poll() is None


@pytest.mark.slow
def test_a_graceful_stop_under_load_loses_no_run(house, start_worker):
    house.add(source=SLOW, script_settings={"n": 60_000}, concurrency=64)
    first = start_worker()
    askers = [StatusRequest("acme", f"user-{number}", "s1") for number in range(120)]
    for asker in askers:
        house.service.ask(asker)
    time.sleep(0.3)
    assert first.stop() == 0
    stored = len(house.runs())
    assert running(house) == 0, "a run was cut off"
    assert house.redis.llen("rq:queue:status:intermediate") == 0
    assert stored > 0, "the traces of what was done are written"
    start_worker()
    assert eventually(lambda: {house.service.ask(asker).state for asker in askers} == {"ready"}, seconds=20, every=0.5)
    assert eventually(lambda: len(house.runs()) == 120, seconds=3)
    assert max(Counter(run.user for run in house.runs()).values()) == 1


@pytest.mark.slow
def test_a_slow_implementation_does_not_starve_another(house, start_worker):
    house.add(
        "slow", SLOW, script_settings={"n": 10**9}, limits={"wall_s": 3, "cpu_s": 0.3}, concurrency=64, sessions=("s1",)
    )
    house.add("acme")
    start_worker(SESSION_STATUS_WORKER_RUNS="8")
    assert eventually(lambda: house.redis.get("st:places"))
    for number in range(40):
        house.service.ask(StatusRequest("slow", f"user-{number}", "s1"))
    began = time.monotonic()
    assert answered(house, seconds=10).state == "ready"
    assert time.monotonic() - began < 2


@pytest.mark.slow
def test_a_store_that_is_killed_and_comes_back_is_used_again_with_what_it_held(tmp_path, sandbox, blank):
    with EmbeddedStore(tmp_path / "store") as store:
        house = House(tmp_path / "own", store.url, sandbox, blank)
        house.add()
        started = WorkerProcess(house, tmp_path / "worker.log")
        try:
            started.await_ready(house.redis)
            assert answered(house, seconds=5).state == "ready"
            time.sleep(1.2)  # everysec
            store._process.kill()
            store._process.wait()
            with pytest.raises(StoreAway):
                house.service.ask(ANN)
            time.sleep(1)
            store.start()
            assert eventually(lambda: house.service.ask(ANN).state == "ready", seconds=5), "the cached status was kept"
            bob = StatusRequest("acme", "bob", "s1")
            assert answered(house, bob, seconds=12).state == "ready", started.log.read_text()
            assert started.process.poll() is None
            store._process.kill()
            store._process.wait()
            time.sleep(1)
            assert started.stop() == 0, "without a store a worker must still be able to stop"
        finally:
            started.stop()
            house.close()


def test_a_status_which_no_worker_answers_becomes_unavailable_until_one_does(house, start_worker):
    house.add()
    assert house.service.ask(ANN).state == "checking"
    (key,) = house.redis.keys("st:{acme:*")
    house.redis.hincrby(key, "asked", -31_000)
    status = house.service.ask(ANN)
    assert (status.state, status.message) == ("unavailable", None)
    assert status.refresh_after >= 5
    start_worker()
    assert answered(house, seconds=5).state == "ready"


def test_a_worker_whose_jail_is_too_weak_runs_nothing(house, monkeypatch, caplog):
    def too_weak(_):
        raise JailTooWeak("the probe open_etc_passwd got through")

    monkeypatch.setattr(worker, "start_jail", too_weak)
    assert worker.main(house.settings) == 3
    assert "open_etc_passwd" in caplog.text
    assert workers_present(house.redis) == ()


def test_a_worker_without_valid_settings_says_all_that_is_wrong(house, tmp_path):
    started = WorkerProcess(house, tmp_path / "worker.log", SESSION_STATUS_WORKER_RUNS="0", SESSION_STATUS_WEB_WAIT="x")
    assert started.process.wait(20) == 2
    said = started.log.read_text()
    assert "SESSION_STATUS_WORKER_RUNS" in said
    assert "SESSION_STATUS_WEB_WAIT" in said


def test_a_worker_ends_on_ctrl_c_as_on_sigterm_and_takes_its_children_with_it(start_worker):
    started = start_worker()
    zygote = zygote_of(started)
    started.process.send_signal(signal.SIGINT)
    assert started.process.wait(10) == 0
    assert eventually(lambda: not Path(f"/proc/{zygote}").exists(), seconds=5)


def test_the_children_of_a_killed_worker_end_with_it(start_worker):
    started = start_worker()
    zygote = zygote_of(started)
    started.process.kill()
    started.process.wait()
    assert eventually(lambda: not Path(f"/proc/{zygote}").exists(), seconds=5)
