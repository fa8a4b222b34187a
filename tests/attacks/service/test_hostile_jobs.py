"""Jobs that an attacker wrote to the store: none runs other code, and none stops the worker."""

import json
import os
import pickle
import threading
import time
import zlib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from runner.status.service import StatusRequest, StatusService
from runner.store.clients import connect
from runner.store.embedded import EmbeddedStore
from runner.store.worker_heartbeat import workers_present
from tests.attacks.service.site_stage import Site, key_of, stop
from tests.attacks.service.vendor_stage import Vendor, ok

# -- jobs ---------------------------------------------------------------------------------------------------------


def plain_job(**changes):
    job = {
        "status": "queued", "origin": "status", "created_at": "2026-01-01T00:00:00.000000Z", "enqueued_at": "2026-01-01T00:00:00.000000Z",
        "data": zlib.compress(json.dumps(["runner.job.run_status", None, [], {}]).encode()), "timeout": "5", "result_ttl": "0",
    }  # fmt: skip
    return {name: value for name, value in (job | changes).items() if value is not None}


class Boom:
    def __reduce__(self):
        return os.system, ("touch /tmp/redteam-was-here",)


def data(*parts):
    return zlib.compress(json.dumps(list(parts)).encode())


MARK = "/tmp/redteam-was-here"
JOBS = {
    "os.system": plain_job(data=data("os.system", None, [f"touch {MARK}"], {})),
    "builtins.eval": plain_job(data=data("builtins.eval", None, ["1"], {})),
    "a private function of ours": plain_job(data=data("runner.runs.draining.wanted_runs.perform_run", None, [], {})),
    "dots": plain_job(data=data("runner.job.run_status.__globals__", None, [], {})),
    "a method of an instance": plain_job(data=data("run_status", {"x": 1}, [], {})),
    "pickle": plain_job(data=zlib.compress(pickle.dumps(Boom()))),
    "bare pickle": plain_job(data=pickle.dumps(Boom())),
    "a success callback": plain_job(success_callback_name="os.system"),
    "a failure callback": plain_job(failure_callback_name="os.system", data=data("x.y", None, [], {})),
    "a stopped callback": plain_job(stopped_callback_name="os.system"),
    "a dependency": plain_job(dependency_ids='["x"]'),
    "a repetition": plain_job(repeats_left="5", repeat_intervals="[1]"),
    "retries": plain_job(retries_left="1000000"),
    "no data": plain_job(data=None),
    "empty data": plain_job(data=b""),
    "data that is a number": plain_job(data=zlib.compress(b"5")),
    "deep data": plain_job(data=zlib.compress(b"[" * 100_000)),
    "a bomb": plain_job(data=zlib.compress(b" " * 30_000_000)),
    "no times": plain_job(created_at=None, enqueued_at=None),
    "times that are none": plain_job(created_at="x", timeout="y", result_ttl="z", ttl="w"),
    "an endless timeout": plain_job(timeout="-1"),
    "meta that is pickle": plain_job(meta=pickle.dumps(Boom())),
    "NaN": plain_job(data=zlib.compress(b'["runner.job.run_status", null, [], {"generation": NaN}]')),
    "an unknown field": plain_job(data=data("runner.job.run_status", None, [], {"x": 1})),
    "positional arguments": plain_job(data=data("runner.job.run_status", None, ["x"], {})),
    "an unknown implementation": plain_job(data=data("runner.job.run_status", None, [], {"implementation": "no", "user": "u", "session": "s", "version": "v", "token": "t", "generation": 0})),
    "lists everywhere": plain_job(data=data("runner.job.run_status", None, [], {"implementation": ["one"], "user": ["u"], "session": {}, "version": [], "token": [], "generation": []})),
    "nulls everywhere": plain_job(data=data("runner.job.run_status", None, [], {"implementation": None, "user": None, "session": None, "version": None, "token": None, "generation": None})),
    "surrogates": plain_job(data=data("runner.job.run_status", None, [], {"implementation": "\ud800", "user": "\ud800", "session": "\ud800", "version": "\ud800", "token": "\ud800", "generation": 0})),
    "an origin elsewhere": plain_job(origin="other", status="x"),
    "wrong encoding": plain_job(status=b"\xff", description=b"\xff\xfe", origin=b"\xff"),
}  # fmt: skip


@pytest.fixture(scope="module")
def working(tmp_path_factory, vendor_for_all):
    """A real worker with a real jail, on a store of its own."""
    with EmbeddedStore() as store:
        made = Site(tmp_path_factory.mktemp("working"), store.url, vendor=vendor_for_all.base)
        made.client = connect(store.url)
        process = made.start("worker")
        made.worker = process
        status_service = StatusService.open(made.settings, made.database)
        ends = time.monotonic() + 40
        while time.monotonic() < ends and not workers_present(made.client):
            assert process.poll() is None, made.logs.read_text()
            time.sleep(0.1)
        yield made, status_service
        status_service.close()
        stop(process)
        made.client.close()
        made.close()


@pytest.fixture(scope="module")
def vendor_for_all():
    def say(line, head, body):
        query = parse_qs(urlsplit(head.split(b" ")[1].decode()).query)
        line.send(ok(json.dumps({"user": query["user"][0], "session": query["session"][0]})))

    made = Vendor(say)
    yield made
    made.stop()


def settled(status_service, asker, seconds=6.0):
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        status = status_service.ask(asker)
        if status.state == "ready" and not status.stale and status.message.text.startswith("Hello"):
            return status.message.text
        time.sleep(0.05)
    return f"{status.state}: {status.message}"


def test_no_job_runs_anything_else_and_none_stops_the_worker(working):
    site, status_service = working
    Path(MARK).unlink(missing_ok=True)
    before = site.logs.stat().st_size
    assert settled(status_service, StatusRequest("one", "u0", "s0")) == "Hello u0 at s0"
    for number, fields in enumerate(JOBS.values()):
        job_id = f"redteam-{number}"
        site.client.hset(f"rq:job:{job_id}", mapping=fields)
        site.client.lpush("rq:queue:status", job_id)
    for odd in (b"\xff\xfe", b"", b"no-such-job", b"x" * 100_000, b"../../x", b"a b\nINJECTED", "ключ".encode()):
        site.client.lpush("rq:queue:status", odd)
    for wrong in ("text", "list"):
        job_id = f"wrongtype-{wrong}"
        site.client.set(f"rq:job:{job_id}", "x") if wrong == "text" else site.client.rpush(f"rq:job:{job_id}", "x")
        site.client.lpush("rq:queue:status", job_id)
    assert settled(status_service, StatusRequest("one", "u1", "s1"), 10) == "Hello u1 at s1"
    assert settled(status_service, StatusRequest("two", "u1", "s1")) == "Hello u1 at s1"
    assert not Path(MARK).exists()
    assert site.worker.poll() is None
    log = site.logs.read_bytes()[before:]
    assert b"V3ndorSecretOfTheSite" not in log
    assert b"\nINJECTED" not in log


def test_returns_in_a_storm_make_few_runs_and_one_message(working):
    site, status_service = working
    asker = StatusRequest("one", "u3", "s3")
    assert settled(status_service, asker).startswith("Hello")
    calls = [threading.Thread(target=status_service.returned, args=(asker,)) for _ in range(60)]
    for thread in calls:
        thread.start()
    for thread in calls:
        thread.join()
    assert int(site.client.hget(key_of(site, "u3", "s3"), "gen")) <= 2
    status = status_service.ask(asker)
    assert status.state == "checking"
