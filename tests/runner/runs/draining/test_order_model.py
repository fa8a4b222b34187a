"""Any order of asking, returning, beginning, ending, dying and losing jobs: no order is lost, and no run is made by two who live."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from runner.queues.drainer_leases import DrainerLeases
from runner.queues.order_lists import ANY_CLAIM, UNASKED, OrderDraft
from runner.queues.status_jobs import DrainOrder
from runner.runs.draining.order_taking import OrderTaker, TakeTerms, WithoutOrder
from runner.status.cache import StatusCache, StatusUpdate
from tests.runner.runs.draining.hall import Clock
from tests.support.outdated import outdate

MOST = 2
QUEUE = "rq:queue:status"
SHOWN = StatusUpdate(state="ready", body=b'{"text":"Claim"}', digest="claim", ok=True, fresh_s=5, stale_s=600)
USERS = st.sampled_from(["ann", "bob", "cid"])


class Jobs:
    """The queue without RQ: names in its list."""

    def __init__(self, redis):
        self.redis = redis

    def enqueue(self, due):
        if due.name:
            self.redis.rpush(QUEUE, due.name)


class Drainers(RuleBasedStateMachine):
    redis = None  # set by the test

    def __init__(self):
        super().__init__()
        self.redis.flushall()
        self.clock, self.count = Clock(), 0
        self.cache = StatusCache(self.redis, clock_ms=self.clock)
        self.leases = DrainerLeases(self.redis, Jobs(self.redis), clock_ms=self.clock)
        self.running = {}  # name -> taker, its run

    def key(self, user):
        return StatusCache.key("acme", user, "s1", "e")

    def queue(self, dues):
        for due in dues:
            Jobs(self.redis).enqueue(due)

    def claim(self, act, user, starts=ANY_CLAIM):
        self.count += 1
        draft = OrderDraft("acme", user, "s1", "v", "e", staff=False, most=MOST, lock_ms=8000, starts=starts)
        claimed = act(self.key(user), f"run-{self.count}", order=draft)
        self.queue(claimed.due)
        return claimed

    def begin_drainer(self):
        name = self.redis.lpop(QUEUE)
        if name:
            own = DrainOrder("acme", name.decode(), MOST)
            self.leases._own.add(f"acme {own.drainer} {MOST}")
            taker = OrderTaker(self.redis, self.cache, own)
            self.taken(own.drainer, taker, taker.take(TakeTerms(WithoutOrder.END, yields=False)))
        return name

    def taken(self, name, taker, take):
        self.queue([take.due] if take.due else [])
        if take.order is None:
            return self.leases._own.discard(f"acme {name} {MOST}")
        assert take.order.order.token not in {run.order.token for _, run in self.running.values()}, "two make one run"
        assert len(self.running) < MOST
        self.running[name] = (taker, take.order)
        return None

    def end_one(self, name, without=WithoutOrder.END):
        taker, run = self.running.pop(name)
        storing = self.cache.store_call(run.key, run.order.token, run.order.generation, SHOWN)
        self.taken(name, taker, taker.end_and_take(run, storing, TakeTerms(without, yields=False))[1])

    @rule(user=USERS)
    def ask(self, user):
        self.claim(self.cache.claim, user)

    @rule(user=USERS)
    def prefetch(self, user):
        self.claim(self.cache.claim, user, UNASKED)

    @rule(user=USERS)
    def take_back(self, user):
        self.cache.take_back(self.key(user))

    @rule(user=USERS)
    def come_back(self, user):
        self.claim(self.cache.returned, user)

    @rule(user=USERS)
    def outdate(self, user):
        outdate(self.redis, self.cache, self.key(user))

    @rule()
    def begin(self):
        self.begin_drainer()

    @rule()
    def lose_a_job(self):
        self.redis.lpop(QUEUE)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), without=st.sampled_from([WithoutOrder.END, WithoutOrder.LEAVE]))
    def end(self, data, without):
        self.end_one(data.draw(st.sampled_from(sorted(self.running))), without)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def die(self, data):
        name = data.draw(st.sampled_from(sorted(self.running)))
        del self.running[name]
        self.leases._own.discard(f"acme {name} {MOST}")

    @rule(seconds=st.sampled_from([0.1, 0.4, 1.0]))
    def wait(self, seconds):
        self.leases.look()  # as each worker does all the time
        self.clock.ms += int(seconds * 1000)
        self.leases.look()

    def teardown(self):
        """In the end everybody is served, without anybody asking."""
        for _ in range(60):
            self.clock.ms += 400
            self.leases.look()
            while self.begin_drainer():
                pass
            for name in sorted(self.running):
                self.end_one(name)
        assert not self.running
        for user in ("ann", "bob", "cid"):
            assert self.redis.hget(self.key(user), "lock") is None, "a status is locked, and nobody makes its run"
        assert self.redis.zcard("st:drainers") == self.redis.llen("st:orders:{acme}") == 0
        assert self.redis.llen("st:orders:{acme}:ahead") == 0
        del self.cache, self.leases  # and their connections


@pytest.mark.timeout(60)
def test_no_order_of_events_loses_an_order(redis):
    Drainers.redis = redis
    run_state_machine_as_test(
        Drainers,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
