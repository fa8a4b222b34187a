"""A drainer with real runs: one order's failure is not the next one's, it hands over when it stops, and older jobs are still run."""

from dataclasses import asdict

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from records.scripts import deployments
from records.tenants import implementations
from runner.queues.status_jobs import RUN, RunOrder, rq_status_queue
from runner.runs.draining.drainer import drain_orders
from runner.runs.draining.order_taking import OrderTaker
from runner.runs.worker_services import WORKER_SERVICES
from runner.status.service import StatusRequest
from tests.support.eventually import eventually

NAMES = "def status(user, session, api):\n    return message('Hello ' + user.id)\n"


def asker(user):
    return StatusRequest("acme", user, "s1")


def seen(house, *people):
    found = (house.service.ask(asker(user)).message for user in people)
    return [message.text if message else None for message in found]


def job(house):
    """Take the job of the drainer that is due, as a worker does."""
    return house.redis.lpop("rq:queue:status").decode()


@pytest.fixture
def drain(worker_services):
    def drain(name, most=1):
        WORKER_SERVICES.set(worker_services)
        drain_orders(implementation="acme", drainer=name, most=most)

    return drain


def test_a_bug_in_one_run_answers_its_user_and_leaves_the_next_order_alone(house, drain, monkeypatch, caplog):
    house.add(source=NAMES, fallback_text="Later", concurrency=1)
    run, left = house.sandbox.run, iter([True])

    def flaky(*given, **named):
        if next(left, False):
            raise RuntimeError("our own bug")
        return run(*given, **named)

    monkeypatch.setattr(house.sandbox, "run", flaky)
    seen(house, "ann", "bob", "cid")
    drain(job(house))
    assert seen(house, "ann", "bob", "cid") == ["Later", "Hello bob", "Hello cid"]
    assert "our own bug" in caplog.text


def test_a_result_that_could_not_be_stored_is_found_again_by_another_drainer(house, drain, monkeypatch):
    house.add(source=NAMES, concurrency=2)
    seen(house, "ann")
    end_and_take = OrderTaker.end_and_take

    def away(*_):
        monkeypatch.setattr(OrderTaker, "end_and_take", end_and_take)
        raise RedisConnectionError("no answer")

    monkeypatch.setattr(OrderTaker, "end_and_take", away)
    with pytest.raises(RedisConnectionError):
        drain(job(house), 2)
    assert seen(house, "ann") == [None]
    assert eventually(lambda: house.redis.llen("rq:queue:status"), seconds=8)
    drain(job(house), 2)
    assert seen(house, "ann") == ["Hello ann"]


def test_orders_of_a_version_that_is_gone_are_dropped_and_the_next_is_served(house, drain):
    house.add(source=NAMES, concurrency=1)
    seen(house, "ann")
    house.activate("acme", NAMES.replace("Hello", "Welcome"))
    with house.database.session() as db:
        old = deployments.history(db, implementations.find(db, "acme"))[-1][1]
        old.suspended_at, old.suspended_reason = old.created_at, "test"
    house.service.changed("acme")
    seen(house, "bob")
    drain(job(house))
    assert seen(house, "bob") == ["Welcome bob"]
    assert eventually(lambda: [run.user for run in house.runs()] == ["bob"])


def test_a_drainer_of_a_worker_that_stops_hands_its_orders_over(house, drain, worker_services):
    house.add(source=NAMES, concurrency=2)  # RQ frees the share of the first when its job has ended
    seen(house, "ann")
    worker_services.stop.requested = True
    drain(job(house), 2)
    assert house.redis.llen("st:orders:{acme}") == 1
    worker_services.stop.requested = False
    seen(house, "bob")
    drain(job(house), 2)
    assert seen(house, "ann", "bob") == ["Hello ann", "Hello bob"]


def test_a_drainer_that_lingers_serves_the_order_that_comes_meanwhile_and_no_new_job_is_queued(house, start_worker):
    house.add(source=NAMES)
    start_worker()
    for number in range(5):
        request = asker(f"user-{number}")
        assert eventually(lambda request=request: house.service.ask(request, wait_s=0.8).state == "ready")
    assert eventually(lambda: house.redis.zcard("st:drainers") == 0, seconds=5)


def test_a_job_of_an_earlier_release_is_still_run(house, work_off, worker_services):
    house.add(source=NAMES)
    resolved = house.service._resolve(asker("ann"))
    claimed = worker_services.cache.claim(resolved.key, "019af1d2c3b4-000000000001")
    order = RunOrder(
        "acme", "ann", "s1", resolved.seen.sha256, resolved.edition, "019af1d2c3b4-000000000001", claimed.generation
    )
    rq_status_queue(house.redis).enqueue_call(RUN, kwargs=asdict(order), job_id=order.token, result_ttl=0)
    work_off()
    assert seen(house, "ann") == ["Hello ann"]
