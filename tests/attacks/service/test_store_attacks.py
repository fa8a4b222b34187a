"""What an attacker who writes to the store can do, and what time and chance can do: queue, cache, change events, traces."""

import json
import time
from datetime import UTC, datetime

import pytest

from records import RunRecord
from records.scripts import runs
from records.tenants import implementations
from runner.queues.status_jobs import new_run_id
from runner.runs.traces import TraceWriter
from runner.status.asking.thread_access import completed
from runner.status.cache import DONE, StatusCache, StatusUpdate
from runner.status.change_events import CHANGED, ChangeListener, StatusWaiter
from runner.status.service import StatusRequest, StatusService
from runner.store.clients import connect
from runner.store.embedded import EmbeddedStore
from runner.store.environment_mark import adopt
from runner.store.worker_heartbeat import NAMES, workers_present
from tests.attacks.service.site_stage import Site, key_of

BODY = b'{"message":{"text":"x","color":null,"action":null},"as_of":null,"run":null}'


@pytest.fixture(scope="module")
def own_store():
    with EmbeddedStore() as running:
        yield running


@pytest.fixture
def redis(own_store):
    client = connect(own_store.url)
    client.flushall()
    adopt(client, "development")
    yield client
    client.close()


@pytest.fixture(scope="module")
def site(tmp_path_factory, own_store):
    made = Site(tmp_path_factory.mktemp("records"), own_store.url)
    yield made
    made.close()


@pytest.fixture
def status_service(site, redis):
    made = StatusService.open(site.settings, site.database)
    yield made
    made.close()


# -- what lies in the cache ---------------------------------------------------------------------------------------

WRONG = {
    "text instead of a hash": lambda redis, key: redis.set(key, "x"),
    "list instead of a hash": lambda redis, key: redis.rpush(key, "x"),
    "no state": lambda redis, key: redis.hset(key, mapping={"body": BODY, "fresh": 10**14, "keep": 10**14}),
    "no times": lambda redis, key: redis.hset(key, mapping={"body": BODY, "state": "ready"}),
    "times that are no numbers": lambda redis, key: redis.hset(key, mapping={"body": BODY, "state": "ready", "fresh": "x", "keep": "y"}),
    "a lock without an end": lambda redis, key: redis.hset(key, mapping={"lock": "x"}),
    "a lock for ever": lambda redis, key: redis.hset(key, mapping={"lock": "x", "until": 10**15, "ran": 1}),
    "a body that is no JSON": lambda redis, key: redis.hset(key, mapping={"body": b"\xff{", "state": "ready", "fresh": 10**14, "keep": 10**14}),
    "a body without a message": lambda redis, key: redis.hset(key, mapping={"body": b"{}", "state": "ready", "fresh": 10**14, "keep": 10**14}),
    "a body that is a list": lambda redis, key: redis.hset(key, mapping={"body": b"[]", "state": "checking", "due": 1, "fresh": 10**14, "keep": 10**14}),
    "an unknown state": lambda redis, key: redis.hset(key, mapping={"body": BODY, "state": "\xff<script>", "fresh": 10**14, "keep": 10**14}),
    "a generation that is no number": lambda redis, key: redis.hset(key, mapping={"gen": "x"}),
    "a step that is no number": lambda redis, key: redis.hset(key, mapping={"due": 1, "step": "x", "fresh": 0}),
    "asked in a year": lambda redis, key: redis.hset(key, mapping={"asked": 10**15, "seen": 10**15}),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_whatever_lies_in_the_cache_the_asker_gets_an_answer(site, status_service, redis, wrong):
    key = key_of(site)
    WRONG[wrong](redis, key)
    asker = StatusRequest("one", "u0", "s0")
    for ask in (status_service.ask, status_service.returned, status_service.ask):
        status = ask(asker)
        assert status.state in {"ready", "checking", "unavailable", "hidden"}
        json.loads(status.as_json())
        assert status.message is None or status.message.text
    assert status_service.ask(StatusRequest("one", "u1", "s0")).state == "checking"


def test_a_result_cannot_be_stored_for_a_claim_that_is_not_ones_own(redis):
    cache = StatusCache(redis)
    key = cache.key("one", "u", "s", "v")
    mine = cache.claim(key, "mine")
    assert mine.mine
    assert cache.begin(key, "mine", 0, wall_s=5)
    assert cache.begin(key, "thief", 0, wall_s=5) is None
    moved = cache.returned(key, "after")
    shown = StatusUpdate("ready", BODY, "d", ok=True, fresh_s=60, stale_s=60)
    assert not cache.store(key, "mine", 0, shown)
    assert cache.begin(key, "mine", 0, wall_s=5) is None
    assert cache.claim(key, "other").what == "checking"
    cache.free(key, "thief")
    assert not cache.claim(key, "thief").mine
    assert cache.store(key, "after", moved.generation, shown)


def test_keys_of_different_people_differ_whatever_their_names(redis):
    parts = [
        "",
        "a",
        "b",
        "a:b",
        ":",
        "{",
        "}",
        "{a}",
        "a}",
        "\u0000x",
        " ",
        "a b",
        "é",
        "e\u0301",
        "A",
        "x" * 5000,
        "\u202e",
        "💩",
        "a\n",
    ]
    slugs = ["one", "on", "one_", "One"]
    keys = {
        StatusCache.key(i, u, s, v)
        for i in slugs
        for u in parts
        for s in ["s", "s:s", "ss", "a"]
        for v in ["v", "vv", ""]
    }
    assert len(keys) == len(slugs) * len(parts) * 4 * 3
    assert all(len(key) < 120 for key in keys)


# -- clocks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jump_s", [-30, -3600, -86400 * 365, 3600, 86400 * 365])
@pytest.mark.parametrize("state", ["locked", "fresh", "returned"])
def test_a_clock_that_jumps_leaves_nobody_stuck(redis, jump_s, state):
    clock = [1_800_000_000_000]
    cache = StatusCache(redis, clock_ms=lambda: clock[0])
    key = cache.key("one", "u", f"s{jump_s}", "v" + state)
    assert cache.claim(key, "first").mine
    shown = StatusUpdate("ready", BODY, "d", ok=True, fresh_s=10, stale_s=10)
    if state != "locked":
        assert cache.begin(key, "first", 0, wall_s=5)
        assert cache.store(key, "first", 0, shown)
    if state == "returned":
        cache.returned(key, "back")
    clock[0] += jump_s * 1000
    got_it = None
    for second in range(120):
        clock[0] += 1000
        claimed = cache.claim(key, f"token-{second}")
        if claimed.mine:
            got_it = second
            break
    assert got_it is not None, "no run is allowed for two minutes"


# -- listener, heartbeats, traces ---------------------------------------------------------------------------------


def test_rubbish_among_change_events_does_not_end_the_listener(redis):
    changed = []
    listener = ChangeListener(redis, on_changed=changed.append)
    listener.ensure_started()
    time.sleep(0.2)
    for channel in (DONE, CHANGED):
        for rubbish in (b"\xff\xfe", b"", b"x" * 1_000_000, b"\0"):
            redis.publish(channel, rubbish)
    redis.publish(CHANGED, "one")
    waiter = StatusWaiter()
    with listener.waiting_for("st:{x}", waiter):
        redis.publish(DONE, "st:{x}")
        assert completed(waiter.ended(2)) is not None
    assert "one" in changed
    listener.close()


@pytest.mark.parametrize(
    "rubbish",
    [
        b"x",
        b"[]",
        b"{}",
        b'{"name": 1}',
        b"\xff",
        b'{"name":"a","pid":1,"places":1,"in_flight":0,"runtime":"x","jail":{},"more":1}',
    ],
)
def test_rubbish_among_the_workers_notes_is_no_worker_and_no_error(redis, rubbish):
    redis.sadd(NAMES, "odd", b"\xff")
    redis.set(f"{NAMES}:odd", rubbish)
    assert workers_present(redis) == ()


def record(**changes):
    plain = {
        "id": new_run_id(), "implementation": "one", "user": "u0", "session": "s0", "version": "v" * 64, "started_at": datetime.now(UTC), "outcome": "returned", "shown_as": "fresh",
    }  # fmt: skip
    return RunRecord(**(plain | changes))


POISON = {
    "a user that is a list": {"user": ["u"]},
    "no user": {"user": None},
    "a surrogate": {"user": "\ud800"},
    "a surrogate in the log": {"log": ["\ud800"]},
    "NUL": {"user": "a\0b"},
    "NUL in the log": {"log": ["a\0b"]},
    "NaN in what was given": {"given": {"x": float("nan")}},
    "a set in what was given": {"given": {"x": {1}}},
    "a number of 5000 digits": {"given": {"x": 10**5000}},
    "a time that is none": {"started_at": "x"},
    "no outcome": {"outcome": None},
    "deep": {"given": {"x": json.loads("[" * 900 + "]" * 900)}},
    "a slug that is a list": {"implementation": ["one"]},
}  # fmt: skip


@pytest.mark.parametrize("poison", POISON)
def test_a_trace_that_cannot_be_written_does_not_hold_up_the_others(site, poison):
    writer = TraceWriter(site.database)
    good = [record() for _ in range(3)]
    writer.add(good[0])
    writer.add(record(**POISON[poison]))
    writer.add(good[1])
    writer.start()
    ends = time.monotonic() + 4
    found = set()
    writer.add(good[2])
    while time.monotonic() < ends and len(found) < 3:
        time.sleep(0.1)
        with site.database.reading() as db:
            one = implementations.find(db, "one")
            found = {each.id for each in good if runs.find(db, one, each.id)}
    writer._waiting.clear()
    writer.close()
    assert len(found) == 3
