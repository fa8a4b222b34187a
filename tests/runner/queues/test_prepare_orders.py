"""When facts are prepared: often enough, never twice at once, and never at the cost of what people order."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.exceptions import ConnectionError as NoConnection

from runner.queues.background_jobs import BackgroundQueue
from runner.queues.job_arguments import BY_HAND
from runner.queues.job_orders import ATTENDANCE_REPORT, FACTS_PREPARATION, OrderSigner
from runner.queues.job_states import JobStates
from runner.queues.prepare_orders import LOOKS, MOST_OPEN, PrepareOrders, note_prepared
from runner.store.clients import connect
from runner.store.errors import StoreAway

ENDS = 1_777_888_000


class Site:
    def __init__(self, redis, url):
        self.redis, self.signer = redis, OrderSigner(["k" * 40])
        self.queue, self.states = BackgroundQueue(redis, self.signer), JobStates(redis)
        self.orders = self.new_orders(url)
        self.url = url

    def new_orders(self, url):
        return PrepareOrders(connect(url), self.signer)

    def looks(self, count, session="s1", fresh_s=60):
        return sum(self.orders.looked("acme", session, fresh_s=fresh_s) for _ in range(count))

    def by_hand(self, session, by):
        return self.queue.order(FACTS_PREPARATION, "acme", by, {"session": session, "because": BY_HAND})

    @property
    def open(self):
        return self.states.open_ids()

    def end_all(self):
        for job in self.open:
            assert self.states.end(self.states.find(job, "queued"), "done", "Done.", {})


@pytest.fixture
def site(redis, valkey_url):
    site = Site(redis, valkey_url)
    yield site
    site.orders.close()


def test_few_looks_order_nothing_and_many_order_one_preparation(site):
    assert (site.looks(LOOKS - 1), site.open) == (0, [])
    assert site.looks(1) == 1
    assert site.looks(5 * LOOKS) == 0
    [job] = site.open
    state = site.queue.find("acme", job)
    assert (state.kind, state.by) == (FACTS_PREPARATION, "the service")


def test_while_people_keep_looking_facts_are_prepared_again_once_they_are_no_longer_fresh(site):
    assert site.looks(LOOKS) == 1
    site.end_all()
    assert site.looks(LOOKS) == 0
    site.redis.delete(*site.redis.keys("prepare:*:fresh"))  # as after its seconds
    assert site.looks(1) == 1


def test_looks_at_one_session_say_nothing_of_another_or_of_another_implementation(site):
    site.looks(LOOKS - 1, "s1")
    assert site.looks(LOOKS - 1, "s2") == 0
    assert not site.orders.looked("other", "s1", fresh_s=60)


def test_looks_of_two_processes_at_once_order_one_preparation(site):
    other = site.new_orders(site.url)
    with ThreadPoolExecutor(8) as pool:
        ordered = list(pool.map(lambda n: (site.orders, other)[n % 2].looked("acme", "s1", fresh_s=60), range(200)))
    other.close()
    assert (sum(ordered), len(site.open)) == (1, 1)


def test_a_person_who_orders_what_is_under_way_gets_that_job(site):
    site.looks(LOOKS)
    [job] = site.open
    assert [site.by_hand("s1", by) for by in ("acme/olga", "acme/paul")] == [job, job]
    assert site.by_hand("s2", "acme/olga") != job


def test_what_the_service_orders_leaves_room_for_what_people_order_and_is_tried_again(site):
    for number in range(MOST_OPEN):
        site.by_hand(f"x{number}", "acme/olga")
    assert site.looks(2 * LOOKS) == 0
    assert not site.orders.ends_soon("acme", "s2", ends_at=ENDS, fresh_s=60)
    report = {"kind": "scans", "session": "", "badge": "", "columns": ["session"], "as_of": None}
    assert site.queue.order(ATTENDANCE_REPORT, "acme", "acme/olga", report)
    site.end_all()
    assert site.looks(1) == 1
    assert site.orders.ends_soon("acme", "s2", ends_at=ENDS, fresh_s=60)


def test_the_end_of_a_session_orders_once_and_not_if_facts_are_fresh(site):
    assert [site.orders.ends_soon("acme", "s1", ends_at=ENDS, fresh_s=60) for _ in range(3)] == [True, False, False]
    note_prepared(site.redis, "acme", "s2", fresh_s=60)
    assert not site.orders.ends_soon("acme", "s2", ends_at=ENDS, fresh_s=60)
    site.end_all()
    note_prepared(site.redis, "acme", "s1", fresh_s=60)
    site.redis.delete(*site.redis.keys("prepare:*:fresh"))
    assert site.orders.ends_soon("acme", "s1", ends_at=ENDS + 900, fresh_s=60)  # it was moved


def test_a_store_that_is_lost_before_the_job_is_queued_keeps_no_claim(site, monkeypatch):
    def lost(*_, **__):
        raise StoreAway

    with monkeypatch.context() as patch:
        patch.setattr(BackgroundQueue, "order", lost)
        assert site.looks(LOOKS) == 0
        with pytest.raises(StoreAway):
            site.orders.ends_soon("acme", "s2", ends_at=ENDS, fresh_s=60)
    assert site.looks(1) == 1
    assert site.orders.ends_soon("acme", "s2", ends_at=ENDS, fresh_s=60)


def test_a_claim_of_the_end_that_could_not_be_given_back_ends_soon(site, monkeypatch):
    def lost(*_, **__):
        raise StoreAway

    with monkeypatch.context() as patch:
        patch.setattr(BackgroundQueue, "order", lost)
        patch.setattr(site.orders._redis, "delete", lost_connection)
        with pytest.raises(StoreAway):
            site.orders.ends_soon("acme", "s1", ends_at=ENDS, fresh_s=60)
    assert {0 < site.redis.ttl(key) <= 60 for key in site.redis.keys("prepare:*")} == {True}
    site.redis.delete(*site.redis.keys("prepare:*"))  # as after its seconds
    assert site.orders.ends_soon("acme", "s1", ends_at=ENDS, fresh_s=60)
    assert max(site.redis.ttl(key) for key in site.redis.keys("prepare:*:end:*")) > 3600


def lost_connection(*_):
    raise NoConnection


def test_a_store_that_is_away_costs_no_run_anything(site):
    away = PrepareOrders(connect("redis://127.0.0.1:1/0"), site.signer)
    assert not away.looked("acme", "s1", fresh_s=60)
