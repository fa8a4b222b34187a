"""What becomes of the order of a drainer that dies, and of a drainer whose job was lost."""

import time
from dataclasses import replace

from runner.queues.drainer_leases import AT_ONCE, LEASE_S, DrainerLeases
from runner.queues.order_lists import UNASKED
from runner.queues.status_jobs import DrainOrder, DueDrainer
from runner.runs.draining.order_taking import Take
from tests.runner.runs.draining.hall import END, ORDERS, SHOWN, draft


def test_the_order_of_a_dead_drainer_goes_to_the_front_under_another_run(hall):
    (due,) = hall.ask("ann", most=1).due
    hall.ask("bob", most=1)
    dead = hall.drainer(due, most=1)
    first = dead.take(END).order
    hall.look()
    (name,) = hall.jobs()
    taker = hall.drainer(DueDrainer("acme", name, 1), most=1)
    again = taker.take(END).order
    assert (again.order.user, again.order.generation) == ("ann", 0)
    assert again.order.token != first.order.token
    assert dead.take(END) == Take(), "who was taken for dead ends"
    storing = hall.cache.store_call(again.key, again.order.token, 0, SHOWN)
    stored, take = taker.end_and_take(again, storing, END)
    assert (stored, take.order.order.user) == (True, "bob")


def test_an_order_whose_drainer_dies_twice_is_not_repeated_and_the_status_is_free(hall):
    (due,) = hall.ask("ann").due
    assert hall.drainer(due).take(END).order
    hall.look()
    (name,) = hall.jobs()
    hall.redis.delete("rq:queue:status")
    assert hall.drainer(DueDrainer("acme", name, 4)).take(END).order
    hall.look()
    assert hall.redis.llen(ORDERS) == 0
    assert hall.ask("ann").mine


def test_an_order_that_is_outdated_when_its_drainer_dies_is_not_put_back(hall):
    (due,) = hall.ask("ann").due
    assert hall.drainer(due).take(END).order
    hall.cache.returned(hall.key(), "after")
    hall.look()
    assert hall.redis.llen(ORDERS) == 0
    assert hall.redis.hget(hall.key(), "lock") == b"after"


def test_a_drainer_whose_job_was_lost_is_replaced_and_one_whose_job_still_waits_is_not(hall):
    (due,) = hall.ask("ann").due
    hall.queue.enqueue(due)
    hall.look()
    assert hall.jobs() == [due.name]
    hall.redis.delete("rq:queue:status")
    hall.look()
    (name,) = hall.jobs()
    assert name != due.name
    assert hall.drainer(due).take(END) == Take()
    assert hall.drainer(DueDrainer("acme", name, 4)).take(END).order


def test_the_next_request_takes_up_what_the_dead_of_any_implementation_left(hall):
    (due,) = hall.ask("ann").due
    assert hall.drainer(due).take(END).order
    hall.clock.ms += 2000
    own, dead = hall.ask("bob", implementation="other").due
    assert (own.implementation, own.dead) == ("other", "")
    assert (dead.implementation, dead.dead) == ("acme", due.name)
    assert hall.drainer(dead).take(END).order.order.user == "ann"


def test_a_drainer_that_lives_is_not_taken_for_dead(hall):
    (due,) = hall.ask("ann").due
    leases = DrainerLeases(hall.redis, hall.queue, clock_ms=hall.clock)
    with leases.renewed(DrainOrder("acme", due.name, 4)):
        taker = hall.drainer(due)
        begun = taker.take(END).order
        for _ in range(5):
            hall.clock.ms += 1000
            leases.look()
        assert taker.take(END).order == begun
    hall.look()
    assert taker.take(END) == Take()


def test_a_clock_that_is_put_back_an_hour_keeps_no_dead_drainer(hall):
    (due,) = hall.ask("ann").due
    assert hall.drainer(due).take(END).order
    hall.clock.ms -= 3_600_000
    hall.look()
    assert len(hall.jobs()) == 1


def test_somebody_who_asks_does_not_wait_as_a_run_ahead_does_whose_drainer_died(hall):
    """Runs ahead are made while nobody waits for others: an order of one that is put back is one still."""
    ahead = draft()._replace(starts=UNASKED)
    (due,) = hall.cache.claim(hall.key(), "pre", order=ahead).due
    assert hall.drainer(due).take(END).order
    hall.look()
    assert hall.redis.llen(f"{ORDERS}:ahead") == 1
    asked = hall.ask("ann")
    assert (asked.what, asked.mine) == ("pending", True)
    assert hall.redis.llen(ORDERS) == 1


def test_a_run_ahead_whose_drainer_died_is_made_by_another_although_the_message_is_fresh(hall):
    (due,) = hall.ask("ann").due
    begun = hall.drainer(due).take(END).order
    hall.cache.store(begun.key, begun.order.token, 0, replace(SHOWN, fresh_s=100))
    hall.look()
    hall.redis.delete("rq:queue:status")
    hall.clock.ms += 89_000
    (due, *_) = hall.ask("ann").due
    assert hall.drainer(due).take(END).order
    hall.look()
    (name,) = hall.jobs()
    again = hall.drainer(DueDrainer("acme", name, 4)).take(END).order
    assert hall.cache.store(again.key, again.order.token, 0, SHOWN)
    assert hall.redis.hmget(again.key, "lock", "ahead") == [None, None]


def test_drainers_whose_leases_ended_because_nobody_could_renew_are_taken_up_without_a_word(hall, caplog):
    leases = DrainerLeases(hall.redis, hall.queue, clock_ms=hall.clock)
    leases.look()
    for number in range(AT_ONCE + 1):
        assert hall.ask(f"user-{number}", implementation=f"app-{number}").due
    hall.clock.ms += 2000
    time.sleep(LEASE_S)  # as in an outage of the store
    leases.look()
    leases.look()
    assert (len(hall.jobs()), caplog.messages) == (AT_ONCE + 1, [])
    assert hall.ask("ann").due
    hall.clock.ms += 2000
    leases.look()
    assert "died or never began implementation=acme" in caplog.text
