"""Implementations take turns in the background queue: five long jobs of one delay a job of another by one at most."""

import random
from collections import Counter

import pytest

from runner.queues.background_jobs import MOST, BackgroundQueue
from runner.queues.job_orders import AGENDA_IMPORT, OrderSigner
from runner.queues.job_states import JobStates

QUEUE = "rq:queue:background"


class Orders:
    """Orders jobs named like `a1` (the first of the implementation a), and takes them as a worker does."""

    def __init__(self, redis):
        self._redis = redis
        self._queue = BackgroundQueue(redis, OrderSigner(["k" * 40]))
        self._counts, self._names = Counter(), {}

    def __call__(self, owners):
        for owner in owners:
            self._counts[owner] += 1
            upload = f"{self._counts[owner]:064d}"
            given = {"upload": upload, "dates": "auto", "retire": False, "as_of": 0}
            self._names[self._queue.order(AGENDA_IMPORT, owner, f"{owner}/ann", given)] = owner + str(
                self._counts[owner]
            )

    @property
    def waiting(self):
        return [self._names[raw.decode()] for raw in self._redis.lrange(QUEUE, 0, -1)]

    def begin(self):
        """Take the first job, and begin it; returns its name."""
        job_id = self._redis.lpop(QUEUE).decode()
        states = JobStates(self._redis)
        assert states.begin(states.find(job_id, "queued"))
        return self._names[job_id]

    def end(self, name):
        (job_id,) = [each for each, known in self._names.items() if known == name]
        states = JobStates(self._redis)
        assert states.end(states.find(job_id, None), "done", "Done.", {})


@pytest.fixture
def orders(redis):
    return Orders(redis)


def test_a_job_is_before_the_second_job_of_everybody_else(orders):
    orders("aaaaa")
    orders("b")
    assert orders.waiting == ["a1", "b1", "a2", "a3", "a4", "a5"]
    orders("bc")
    assert orders.waiting == ["a1", "b1", "c1", "a2", "b2", "a3", "a4", "a5"]


def test_a_job_that_runs_was_a_turn(orders):
    orders("aaaaa")
    assert orders.begin() == "a1"
    orders("b")
    assert orders.waiting == ["b1", "a2", "a3", "a4", "a5"]
    orders.end("a1")
    orders("c")
    assert orders.waiting == ["b1", "a2", "c1", "a3", "a4", "a5"]


def test_jobs_of_one_implementation_stay_in_their_order(orders):
    orders("aab")
    orders("aaab")
    assert [name for name in orders.waiting if name[0] == "a"] == ["a1", "a2", "a3", "a4", "a5"]
    assert orders.waiting == ["a1", "b1", "a2", "b2", "a3", "a4", "a5"]


def test_a_job_that_a_worker_took_at_once_is_not_put_back(orders, redis, monkeypatch):
    taken = []
    take = orders._queue._turns.take
    monkeypatch.setattr(
        orders._queue._turns, "take", lambda job_id: taken.append((redis.lpop(QUEUE).decode(), take(job_id)))
    )
    orders("a")
    assert orders.waiting == []
    assert taken[0][1] is False


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_ordered_and_done_no_first_job_waits_for_two_of_another(orders, seed):
    chance = random.Random(seed)
    running, open_jobs = [], Counter()
    for _ in range(40):
        if orders.waiting and chance.random() < 0.3:
            running.append(orders.begin())
        if running and chance.random() < 0.3:
            done = running.pop(0)
            orders.end(done)
            open_jobs[done[0]] -= 1
        owner = chance.choice("aaabcd")
        if open_jobs[owner] < MOST:
            first = not open_jobs[owner]
            orders(owner)
            open_jobs[owner] += 1
            before = Counter(
                name[0] for name in orders.waiting[: orders.waiting.index(owner + str(orders._counts[owner]))]
            )
            assert not first or max(before.values(), default=0) <= 1
            for each in "abcd":
                mine = [int(name[1:]) for name in orders.waiting if name[0] == each]
                assert mine == sorted(mine)
