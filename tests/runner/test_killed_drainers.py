"""Drainers that are killed at each step: their orders are taken up by others, nobody waits for long, nobody sees anything wrong."""

import os
from collections import Counter
from contextlib import suppress

import pytest

from runner.status.service import StatusRequest, StoreAway
from runner.store.embedded import EmbeddedStore
from tests.runner.conftest import House, WorkerProcess
from tests.runner.dying_worker import STEPS
from tests.support import warm_start
from tests.support.eventually import eventually

NAMES = "def status(user, session, api):\n    return message('Hello ' + user.id)\n"
USERS = [f"user-{number}" for number in range(6)]


class DyingWorker(WorkerProcess):
    def __init__(self, house, log, step):
        self.log = log
        with log.open("ab") as out:
            env = os.environ | house.env | {"DYING_AT": step}
            self.process = warm_start.start("tests.runner.dying_worker", env=env, output=out)
        self.pid = self.process.pid


def texts(house):
    """What everybody sees now; None for who has no message yet."""
    found = {user: house.service.ask(StatusRequest("acme", user, "s1")) for user in USERS}
    return {user: status.message.text if status.state == "ready" else None for user, status in found.items()}


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_the_orders_of_a_worker_that_is_killed_at_this_step_are_taken_up(house, start_worker, tmp_path, step):
    house.add(source=NAMES, concurrency=2)
    killed = DyingWorker(house, tmp_path / "dying.log", step)
    try:
        killed.await_ready(house.redis)
        texts(house)
        assert killed.process.wait(20) == -9, killed.log.read_text()
    finally:
        killed.process.kill()
        killed.process.wait()
    start_worker()
    assert eventually(lambda: texts(house) == {user: f"Hello {user}" for user in USERS}, seconds=15, every=0.2)
    assert eventually(house.runs, seconds=5)  # the trace of a run whose worker was killed is lost with it
    assert max(Counter(run.user for run in house.runs()).values()) <= 2
    assert eventually(lambda: house.redis.zcard("st:drainers") == 0, seconds=5)


@pytest.mark.slow
def test_a_store_that_is_killed_in_the_middle_of_a_crowd_loses_nobody(tmp_path, sandbox, blank):
    with EmbeddedStore(tmp_path / "store") as store:
        house = House(tmp_path / "own", store.url, sandbox, blank)
        house.add(source=NAMES, concurrency=2)
        started = WorkerProcess(house, tmp_path / "worker.log")
        try:
            started.await_ready(house.redis)
            crowd = [StatusRequest("acme", f"user-{number}", "s1") for number in range(60)]
            for request in crowd[:30]:
                house.service.ask(request)
            store._process.kill()
            store._process.wait()
            store.start()

            def seen():
                found = {request.user: house.service.ask(request) for request in crowd}
                return {user: status.message.text for user, status in found.items() if status.state == "ready"}

            def all_seen():
                with suppress(StoreAway):
                    return seen() == {request.user: f"Hello {request.user}" for request in crowd}

            assert eventually(all_seen, seconds=20, every=0.2), started.log.read_text()
            assert started.process.poll() is None
        finally:
            started.stop()
            house.close()
