"""What lies in the queue is not trusted: only what we ourselves write is run."""

import inspect
import json
import os
import zlib
from dataclasses import asdict

import pytest
import rq
from rq import SimpleWorker
from rq.job import Job
from rq.serializers import JSONSerializer

from runner.queues.backlog import read_backlog
from runner.queues.status_jobs import (
    DRAIN,
    RUN,
    DueDrainer,
    JobRefused,
    RunOrder,
    StatusJob,
    StatusQueue,
    rq_status_queue,
)
from runner.queues.thread_worker import ThreadWorker
from runner.status.service import StatusRequest

ASKER = StatusRequest("acme", "ann", "s1")


def order(**fields):
    return RunOrder(
        **{"implementation": "acme", "user": "ann", "session": "s1", "version": "v", "edition": "e", "generation": 0}
        | fields
    )


@pytest.fixture
def queue(redis):
    return StatusQueue(redis)


def put(redis, job_id, data, **fields):
    """Write a job by hand, as somebody would who got at the store."""
    mapping = {"data": zlib.compress(json.dumps(data).encode()), "origin": "status", "status": "queued", "timeout": 15}
    redis.hset(f"rq:job:{job_id}", mapping=mapping | fields)
    redis.rpush("rq:queue:status", job_id)


def failures(redis):
    return {entry.decode() for entry in redis.zrange("rq:failed:status", 0, -1)}


def test_a_job_which_names_os_system_is_refused(house, redis, work_off, tmp_path, caplog):
    mark = tmp_path / "was-here"
    put(redis, "evil-1", ["os.system", None, [f"touch {mark}"], {}])
    work_off()
    assert not mark.exists()
    assert "JobRefused" in caplog.text
    assert redis.llen("rq:queue:status") == 0


@pytest.mark.parametrize("which", ["success_callback_name", "failure_callback_name", "stopped_callback_name"])
def test_a_job_of_ours_with_a_callback_is_refused_and_the_callback_is_not_called(
    house, work_off, which, monkeypatch, caplog
):
    called = []
    monkeypatch.setattr(os, "getlogin", lambda *_: called.append(1))
    house.add()
    put(house.redis, "evil-2", [RUN, None, [], asdict(order(token="evil-2"))], **{which: "os.getlogin"})
    work_off()
    assert called == []
    assert "a callback" in caplog.text


@pytest.mark.parametrize(
    ("fields", "data"),
    [
        ({"webhooks": json.dumps([{"url": "http://127.0.0.1:9/", "job_status": "failed", "method": "GET"}])}, None),
        ({"repeats_left": 5, "repeat_intervals": "[0]"}, None),
        ({"retries_left": 5}, None),
        ({}, ["runner.runs.draining.wanted_runs.perform_run", None, [], {}]),
        ({}, ["run_status", "an instance", [], {}]),
        ({}, [RUN, {"an": "instance"}, [], {}]),
        ({}, ["builtins.exec", None, ["1/0"], {}]),
        ({}, "not a job at all"),
        ({}, [RUN, None, ["too", "many", "positional"], {}]),
        ({}, [RUN, None, [], {"implementation": "acme"}]),
        ({}, [DRAIN, None, [], {"implementation": "acme"}]),
        ({}, [DRAIN, None, [], {"implementation": ["acme"], "drainer": "evil-3", "most": 1}]),
        ({}, [DRAIN, None, [], {"implementation": "acme", "drainer": "evil-3", "most": True}]),
        ({}, [DRAIN, {"an": "instance"}, [], {}]),
    ],
)
def test_a_job_that_we_never_write_fails_once_and_is_gone(house, redis, work_off, fields, data):
    put(redis, "evil-3", data or [RUN, None, [], asdict(order(token="evil-3"))], **fields)
    work_off()
    assert redis.llen("rq:queue:status") == 0
    assert redis.llen("rq:queue:status:intermediate") == 0
    assert failures(redis) == {"evil-3"}


@pytest.mark.parametrize("field", ["status", "timeout", "created_at", "dependency_ids", "retry_intervals"])
def test_a_job_that_cannot_be_read_does_not_end_the_worker(house, redis, work_off, field):
    put(redis, "evil-4", [RUN, None, [], {}], **{field: "rubbish"})
    house.add()
    house.service.ask(ASKER)
    work_off()
    work_off()
    assert house.service.ask(ASKER).state == "ready"
    assert redis.llen("rq:queue:status:intermediate") == 0


@pytest.mark.parametrize("job_id", [b"\xff\xfe", b"../../etc", b"a b", b"x" * 5000, b""])
def test_an_id_that_is_none_does_not_end_the_worker(house, redis, work_off, job_id):
    redis.rpush("rq:queue:status", job_id)
    house.add()
    house.service.ask(ASKER)
    work_off()
    work_off()
    assert house.service.ask(ASKER).state == "ready"
    assert redis.llen("rq:queue:status:intermediate") == 0


def due(name="019af1d2c3b4-000000000001", implementation="acme", **fields):
    return DueDrainer(implementation, name, **({"most": 3} | fields))


def test_what_we_write_is_json_with_no_argument_in_the_description(queue, redis):
    queue.enqueue(due())
    (key,) = redis.keys("rq:job:*")
    stored = redis.hgetall(key)
    name, instance, arguments, named = json.loads(zlib.decompress(stored[b"data"]))
    assert (name, instance, arguments, named["implementation"]) == (DRAIN, None, [], "acme")
    assert stored[b"description"] == b"status"
    assert (stored[b"result_ttl"], stored[b"failure_ttl"]) == (b"0", b"60")


def test_the_serializer_is_json_on_both_sides(redis):
    assert rq_status_queue(redis).serializer is JSONSerializer
    source = inspect.getsource(ThreadWorker.__init__)
    assert "serializer=JSONSerializer" in source


def test_one_implementation_takes_no_more_than_its_share_of_the_queue(queue, redis):
    for number in range(5):
        queue.enqueue(due(f"drainer-{number}", most=2))
    assert redis.llen("rq:queue:status") == 2
    queue.enqueue(due("another", "other"))
    assert redis.llen("rq:queue:status") == 3


def test_the_share_of_a_dead_drainer_is_given_back(queue, redis):
    queue.enqueue(due("first", most=1))
    redis.lpop("rq:queue:status")  # its worker took it and died
    redis.hset("rq:job:first", "status", "failed")
    queue.enqueue(due("second", most=1, dead="first"))
    assert redis.lrange("rq:queue:status", 0, -1) == [b"second"]


def test_the_backlog_is_what_waits_in_both_lists(redis):
    redis.rpush("st:orders:{acme}", *range(5))
    redis.rpush("st:orders:{acme}:back", *range(2))
    assert read_backlog(redis, "acme") == (2, 5)
    assert read_backlog(redis, "other") == (0, 0)


def test_a_job_names_no_other_function_even_in_our_own_process(redis):
    job = StatusJob.create("os.getcwd", connection=redis, serializer=JSONSerializer)
    with pytest.raises(JobRefused):
        job.perform()


def test_a_job_runs_nothing_outside_a_worker(redis):
    job = StatusJob.create(RUN, connection=redis, serializer=JSONSerializer)
    with pytest.raises(ValueError, match="function is None"):
        job.perform()


def test_rq_still_has_what_we_stand_on():
    """The extension points of the pinned RQ; when this fails, read the worker of the new one before going on."""
    assert rq.VERSION.startswith("3.0")
    expected = {
        "dequeue_job_and_maintain_ttl": ["self", "timeout", "max_idle_time"],
        "execute_job": ["self", "job", "queue"],
        "prepare_execution": ["self", "job"],
        "perform_job": ["self", "job", "queue", "execution"],
        "maintain_heartbeats": ["self", "job", "execution"],
        "bootstrap": ["self", "logging_level", "date_format", "log_format"],
        "teardown": ["self"],
        "run_maintenance_tasks": ["self"],
        "clean_registries": ["self"],
        "check_for_suspension": ["self", "burst"],
        "_install_signal_handlers": ["self"],
        "heartbeat": ["self", "timeout", "pipeline"],
        "set_state": ["self", "state", "pipeline"],
        "get_heartbeat_ttl": ["self", "job", "working_time"],
        "register_birth": ["self"],
        "register_death": ["self"],
    }
    for name, parameters in expected.items():
        assert list(inspect.signature(getattr(SimpleWorker, name)).parameters) == parameters, name
    assert isinstance(inspect.getattr_static(SimpleWorker, "should_run_maintenance_tasks"), property)
    assert SimpleWorker.max_connection_wait_time
    job = inspect.getsource(Job)
    for name in ("_success_callback_name", "_failure_callback_name", "_stopped_callback_name", "self.webhooks"):
        assert name in job
    assert isinstance(inspect.getattr_static(Job, "func"), property)
    assert "self.func(*self.args" in inspect.getsource(Job._execute)
