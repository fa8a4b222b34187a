"""Workers and the store are killed at random moments of a crowd: each user gets the right message, and no run is made twice at once.

A seed gives the moments. It is in the test's name and in what a failure says: `pytest tests/runner/test_random_kills.py -k seed-7`.
"""

import random
import threading
import time
from collections import Counter
from contextlib import suppress

import pytest

from records import SecretBox
from records.tenants import connections, implementations
from records.tenants.connections import ConnectionDraft
from runner.queues.drainer_leases import LEASE_S
from runner.status.service import StatusRequest, StoreAway
from runner.store.embedded import EmbeddedStore
from tests.runner.conftest import House, WorkerProcess
from tests.support.vendors import Vendor, reply

pytestmark = pytest.mark.slow

SEEDS = range(20)
USERS, RETURNING, AT_ONCE = 24, 7, 4
#: Seconds of a crowd, and of the vendor for an answer: while anything is killed, orders wait and runs are under way.
CROWD_S, VENDOR_S = 0.7, 0.1
#: Seconds after the last death in which everybody is to have an answer: an order may be taken up twice, on a machine that is busy.
#: A status whose order is lost stays locked for longer: for the time of a run.
RECOVERY_S, RUN_S = 2 * LEASE_S + 6, 25
SCRIPT = """
def status(user, session, api):
    claimed = api.get("vendor", "/claimed/" + user.id).json()["claimed"]
    return message(("Claimed by " if claimed else "Claim it, ") + user.id)
"""


class Claims:
    """A vendor that knows who has claimed, and notes whom it is asked about twice at the same time."""

    def __init__(self):
        self.claimed, self.twice = set(), []
        self._asked, self._lock = Counter(), threading.Lock()
        self.server = Vendor(self._answer)

    def _answer(self, request):
        user = request.path.rpartition("/")[2]
        with self._lock:
            if self._asked[user]:
                self.twice.append(user)
            self._asked[user] += 1
            claimed = user in self.claimed
        time.sleep(VENDOR_S)
        with self._lock:
            self._asked[user] -= 1
        return reply({"claimed": claimed})


class Machines:
    """One store, two workers and a vendor, and how each of them dies."""

    def __init__(self, folder, sandbox, blank):
        self.folder = folder
        self.store = EmbeddedStore(folder / "store")
        self.house = House(folder / "own", self.store.start(), sandbox, blank)
        self.vendor = Claims()
        self.workers = [self._worker(), self._worker()]
        for worker in self.workers:
            worker.await_ready(self.house.redis)

    def _worker(self):
        return WorkerProcess(self.house, self.folder / "worker.log", SESSION_STATUS_WORKER_RUNS="8")

    def kill_worker(self, number):
        self.workers[number].process.kill()
        self.workers[number].process.wait()
        self.workers[number] = self._worker()

    def kill_store(self, away_s):
        self.store._process.kill()
        self.store._process.wait()
        time.sleep(away_s)
        self.store.start()

    def taken_for_dead(self):
        """How many drainers heard that they were taken for dead: their worker was too slow to renew their leases."""
        return (self.folder / "worker.log").read_text().count("was taken for dead")

    def close(self):
        for worker in self.workers:
            worker.stop()
        self.house.service._cache.direct._connections._connection().disconnect()  # this thread does not end
        self.house.close()
        self.store.stop()
        self.vendor.server.close()

    def add(self, slug):
        self.house.add(slug, SCRIPT, concurrency=AT_ONCE, limits={"wall_s": RUN_S})
        draft = ConnectionDraft("vendor", self.vendor.server.url, development=True)
        with self.house.database.session() as db:
            box = SecretBox(self.house.settings.keys)
            connections.save(db, box, implementations.find(db, slug), draft)
        self.house.service.changed(slug)


@pytest.fixture(scope="module")
def machines(tmp_path_factory, sandbox, blank):
    machines = Machines(tmp_path_factory.mktemp("kills"), sandbox, blank)
    yield machines
    machines.close()


class Crowd:
    """Users who ask again and again; some claim, come back and must then never read that they should claim."""

    def __init__(self, machines, slug):
        self.service, self.claims = machines.house.service, machines.vendor
        self.requests = [StatusRequest(slug, f"{slug}-user-{number}", "s1") for number in range(USERS)]
        self.back = []  #: who has come back, in their order
        self.stale = []  #: who has read the message of before, as a finished answer, after the return

    def ask(self, request):
        """What the user reads now; None without an answer."""
        with suppress(StoreAway):
            status = self.service.ask(request)
            text = status.message.text if status.message else None
            if status.state == "ready" and text != self.right(request.user):
                self.stale.append((request.user, text))
            return text
        return None

    def come_back(self, request):
        """Claim at the vendor's site, and return from it; the report is sent again until the store has it."""
        self.claims.claimed.add(request.user)
        while True:
            with suppress(StoreAway):
                self.service.returned(request)
                return self.back.append(request)
            time.sleep(0.02)

    def look(self, chance):
        """Let one of all look again, and one of those who came back last."""
        self.ask(chance.choice(self.requests))
        for request in self.back[-3:]:
            self.ask(request)

    def right(self, user):
        return ("Claimed by " if user in self.claims.claimed else "Claim it, ") + user

    def waiting(self):
        return [request.user for request in self.requests if self.ask(request) != self.right(request.user)]


def deaths_and_returns(chance, crowd, machines):
    """(moment, what happens), in the order of time: one to three deaths of workers, mostly one of the store, and the returns."""
    acts = [(machines.kill_worker, chance.randrange(2)) for _ in range(chance.randint(1, 3))]
    acts += [(machines.kill_store, chance.uniform(0.0, 0.4))] * (chance.random() < 0.7)
    acts += [(crowd.come_back, request) for request in chance.sample(crowd.requests, RETURNING)]
    return sorted(((chance.uniform(0.05, CROWD_S), act, what) for act, what in acts), key=lambda each: each[0])


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: f"seed-{seed}")
def test_workers_and_the_store_killed_at_random_moments_of_a_crowd(machines, seed):
    chance, slug = random.Random(seed), f"seed-{seed}"
    machines.add(slug)
    crowd = Crowd(machines, slug)
    acts = deaths_and_returns(chance, crowd, machines)
    began, slow_before, twice_before = time.monotonic(), machines.taken_for_dead(), len(machines.vendor.twice)
    crowd.waiting()
    while acts or time.monotonic() - began < CROWD_S:
        crowd.look(chance)
        while acts and time.monotonic() - began >= acts[0][0]:
            _, act, what = acts.pop(0)
            act(what)
        time.sleep(0.005)
    last = time.monotonic()
    while (waiting := crowd.waiting()) and time.monotonic() - last < RECOVERY_S:
        time.sleep(0.05)
    said = f"seed {seed}, {time.monotonic() - last:.1f} s after the last death"
    assert not waiting, said
    assert not crowd.stale, said
    twice = Counter(machines.vendor.twice[twice_before:])
    twice.subtract(machines.vendor.claimed)  # after a return, a run starts while that of before is still under way
    slow = machines.taken_for_dead() - slow_before
    assert (+twice).total() <= slow, f"{said}: {+twice} ran twice at the same time"
    assert {worker.process.poll() for worker in machines.workers} == {None}, said
