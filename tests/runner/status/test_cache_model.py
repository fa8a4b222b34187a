"""Any order of asking, beginning, ending, failing, crashing, returning and waiting keeps the cache's promises."""

import json

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from runner.status.cache import StatusCache, StatusUpdate

KEY = StatusCache.key("acme", "ann", "s1", "v1")
WALL_S = 5


class Promises(RuleBasedStateMachine):
    redis = None  # set by the test

    def __init__(self):
        super().__init__()
        self.redis.flushall()
        self.now = 1_000_000
        self.cache = StatusCache(self.redis, clock_ms=lambda: self.now)
        self.count = 0
        self.era = 0  # how many returns there were
        self.queued = {}  # token -> (generation, era)
        self.running = {}  # token -> (generation, era, lock ends)
        self.lock_ends = 0
        self.newest = None

    def token(self):
        self.count += 1
        return f"run-{self.count}"

    @rule(seconds=st.sampled_from([0.1, 1, 3, 9, 13, 61, 700]))
    def wait(self, seconds):
        self.now += int(seconds * 1000)

    @rule()
    def ask(self):
        token = self.token()
        claimed = self.cache.claim(KEY, token)
        if claimed.mine:
            assert self.now >= self.lock_ends, "two hold the run at once"
            self.queued[token] = (claimed.generation, self.era)
            self.lock_ends = self.now + 12_000
        else:
            assert claimed.what in {"hit", "checking"} or self.now < self.lock_ends, "nobody runs, and nobody may"
        if claimed.what in {"hit", "stale"}:
            shown = json.loads(claimed.body)
            assert shown["era"] == self.era, "something from before a return is shown as the present state"
            assert shown["run"] == self.newest, "something older than the newest result is shown"

    @precondition(lambda self: self.queued)
    @rule(data=st.data())
    def begin(self, data):
        token = data.draw(st.sampled_from(sorted(self.queued)))
        generation, era = self.queued.pop(token)
        begun = self.cache.begin(KEY, token, generation, wall_s=WALL_S)
        if begun is None:
            return
        assert era == self.era, "a run queued before the return began after it"
        assert not any(ends > self.now and other_era == era for _, other_era, ends in self.running.values()), (
            "two runs of one generation at once"
        )
        if begun.good:
            assert json.loads(begun.good.body)["era"] == self.era, "a good message from before the return was offered"
        self.lock_ends = self.now + 8_000
        self.running[token] = (generation, era, self.lock_ends)

    @precondition(lambda self: self.running)
    @rule(data=st.data(), text=st.sampled_from(["Claim", "Claimed"]), ok=st.booleans())
    def end(self, data, text, ok):
        token = data.draw(st.sampled_from(sorted(self.running)))
        generation, era, ends = self.running.pop(token)
        body = json.dumps({"text": text, "era": era, "run": token}).encode()
        shown = StatusUpdate("ready", body, text, ok, fresh_s=60 if ok else 5, stale_s=600)
        kept = self.cache.store(KEY, token, generation, shown)
        assert kept == (era == self.era), "exactly the results of this generation are kept"
        if ends == self.lock_ends:
            self.lock_ends = 0
        if kept and self.redis.hget(KEY, "body") == body:
            self.newest = token

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def crash(self, data):
        self.running.pop(data.draw(st.sampled_from(sorted(self.running))))

    @rule()
    def come_back(self):
        token = self.token()
        answer = self.cache.returned(KEY, token)
        if answer.what == "told":
            return
        assert answer.mine
        self.era += 1
        self.queued[token] = (answer.generation, self.era)
        self.lock_ends = self.now + 12_000


@pytest.mark.timeout(60)
def test_no_order_of_events_breaks_a_promise(redis):
    Promises.redis = redis
    run_state_machine_as_test(
        Promises,
        settings=settings(
            max_examples=120,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
