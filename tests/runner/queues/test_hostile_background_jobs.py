"""Background jobs which somebody else wrote to the store: none is carried out, none stops the worker."""

import json
import os
import pickle
import time
import zlib
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from runner.queues.job_arguments import OrderRefused
from runner.queues.job_orders import AGENDA_IMPORT, JobOrder, OrderSigner
from runner.queues.job_states import JobStates
from tests.runner.queues.test_background_jobs import ANN, agenda_file, on_sqlite
from tests.support.eventually import eventually

__all__ = ["on_sqlite"]

MARK = "/tmp/background-job-was-here"
SIGNER = OrderSigner(["k" * 40])
ORDER = JobOrder(
    "a" * 32,
    AGENDA_IMPORT,
    "acme",
    ANN,
    int(time.time()),
    {"upload": "0" * 64, "dates": "auto", "retire": False, "as_of": 0},
)


class Boom:
    def __reduce__(self):
        return os.system, (f"touch {MARK}",)


def data(*parts):
    return zlib.compress(json.dumps(list(parts)).encode())


def plain_job(**changes):
    job = {
        "status": "queued", "origin": "background", "created_at": "2026-01-01T00:00:00.000000Z",
        "enqueued_at": "2026-01-01T00:00:00.000000Z", "data": data(AGENDA_IMPORT, None, [], SIGNER.fields_of(ORDER)),
        "timeout": "5", "result_ttl": "0",
    }  # fmt: skip
    return {name: value for name, value in (job | changes).items() if value is not None}


def ordering(**changes):
    return plain_job(data=data(AGENDA_IMPORT, None, [], SIGNER.fields_of(ORDER) | changes))


JOBS = {
    "os.system": plain_job(data=data("os.system", None, [f"touch {MARK}"], {})),
    "a function of ours": plain_job(data=data("runner.background.agenda_import.import_agenda", None, [], {})),
    "the name with dots behind": plain_job(data=data(f"{AGENDA_IMPORT}.__globals__", None, [], {})),
    "a run of the status queue": plain_job(data=data("runner.job.run_status", None, [], {})),
    "a method of an instance": plain_job(data=data(AGENDA_IMPORT, {"x": 1}, [], SIGNER.fields_of(ORDER))),
    "pickle": plain_job(data=zlib.compress(pickle.dumps(Boom()))),
    "bare pickle": plain_job(data=pickle.dumps(Boom())),
    "a success callback": plain_job(success_callback_name="os.system"),
    "a failure callback": plain_job(failure_callback_name="os.system", data=data("x.y", None, [], {})),
    "a stopped callback": plain_job(stopped_callback_name="os.system"),
    "a dependency": plain_job(dependency_ids='["x"]'),
    "a repetition": plain_job(repeats_left="5", repeat_intervals="[1]"),
    "retries": plain_job(retries_left="1000000"),
    "a turn": plain_job(rate_limit_key="acme", rate_limit_concurrency="1"),
    "no data": plain_job(data=None),
    "empty data": plain_job(data=b""),
    "data that is a number": plain_job(data=zlib.compress(b"5")),
    "deep data": plain_job(data=zlib.compress(b"[" * 100_000)),
    "a bomb": plain_job(data=zlib.compress(b" " * 30_000_000)),
    "times that are none": plain_job(created_at="x", timeout="y", result_ttl="z", ttl="w"),
    "meta that is pickle": plain_job(meta=pickle.dumps(Boom())),
    "positional arguments": plain_job(data=data(AGENDA_IMPORT, None, ["x"], {})),
    "no arguments": plain_job(data=data(AGENDA_IMPORT, None, [], {})),
    "no signature": plain_job(data=data(AGENDA_IMPORT, None, [], asdict(ORDER))),
    "a signature that is a list": ordering(signature=["x"]),
    "a signature with other letters": ordering(signature="ключ"),
    "another person": ordering(by="acme/root"),
    "another implementation": ordering(implementation="other"),
    "another file": ordering(arguments=ORDER.arguments | {"upload": "1" * 64}),
    "another id": ordering(id="b" * 32),
    "a path for an id": ordering(id="../../x"),
    "an unknown kind": ordering(kind="os.system"),
    "an unknown field": ordering(more=1),
    "nulls everywhere": ordering(id=None, kind=None, implementation=None, by=None, ordered_at=None, arguments=None),
    "lists everywhere": ordering(id=[], kind=[], implementation=[], by=[], ordered_at=[], arguments=[]),
    "surrogates": ordering(implementation="\ud800", by="\ud800"),
    "an origin elsewhere": plain_job(origin="other", status="x"),
    "wrong encoding": plain_job(status=b"\xff", description=b"\xff\xfe", origin=b"\xff"),
}


def push(redis, job_id, fields):
    redis.hset(f"rq:job:{job_id}", mapping=fields)
    redis.lpush("rq:queue:background", job_id)


def test_no_job_that_others_wrote_is_carried_out_and_none_stops_the_worker(on_sqlite):
    site, honest = on_sqlite, agenda_file(3)
    Path(MARK).unlink(missing_ok=True)
    site.upload(honest)
    # The state of each order is there as well, because somebody who can write jobs can write that too.
    for order in (ORDER, replace(ORDER, id="b" * 32)):
        JobStates(site.redis).add(order, most=9, most_in_total=9)
    worker = site.start()
    genuine = site.order(honest)
    assert site.ended(genuine).state == "done"
    site.upload(honest)
    for number, fields in enumerate(JOBS.values()):
        push(site.redis, f"hostile-{number}", fields)
    for odd in (b"\xff\xfe", b"", b"no-such-job", b"x" * 100_000, b"a b\nINJECTED"):
        site.redis.lpush("rq:queue:background", odd)
    again = site.order(honest, retire=True)
    assert site.ended(again).state == "done"
    assert worker.poll() is None
    assert not Path(MARK).exists()
    assert len(site.imports()) == 1, "importing the same again changes nothing"
    assert "\nINJECTED" not in site.said()
    # Two jobs run at a time, so one that was refused may end after the last.
    assert eventually(lambda: site.find(ORDER.id).state in ("waiting", "failed", "refused"))


@pytest.mark.parametrize("days", [-2, 2])
def test_an_order_that_somebody_kept_is_refused_when_it_is_too_old(days):
    old = replace(ORDER, ordered_at=int(time.time()) + days * 86_400)
    with pytest.raises(OrderRefused, match="too old"):
        SIGNER.order_of(SIGNER.fields_of(old))


def test_an_order_that_another_key_signed_is_refused():
    with pytest.raises(OrderRefused, match="signed"):
        SIGNER.order_of(OrderSigner(["x" * 40]).fields_of(ORDER))


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "running"},
        {
            "state": "done",
            "moved_at": "x",
            "kind": AGENDA_IMPORT,
            "implementation": "acme",
            "by": "x",
            "ordered_at": "1",
        },
        {
            "state": "done",
            "moved_at": "1",
            "kind": "x",
            "implementation": "acme",
            "by": "x",
            "ordered_at": "1",
            "result": "[" * 9999,
        },
    ],
)
def test_a_state_that_we_could_not_have_written_is_no_job(on_sqlite, fields):
    on_sqlite.redis.hset("{jobs}:job:" + "c" * 32, mapping=fields)
    assert on_sqlite.find("c" * 32) is None
