"""Orders from their claim to their drainer: who takes them, in which order, and how many may."""

import pytest

from runner.queues.status_jobs import DueDrainer
from runner.runs.draining.order_taking import Take
from tests.runner.runs.draining.hall import END, LEAVE, ORDERS, REST, SHOWN, YIELD, draft, users
from tests.support.outdated import outdate


def test_a_claim_places_the_order_and_says_that_a_drainer_is_due(hall):
    claimed = hall.ask()
    assert claimed.mine
    assert claimed.due == (DueDrainer("acme", "run-1", 4),)
    begun = hall.drainer(*claimed.due).take(END).order
    assert (begun.key, begun.order.user, begun.order.token, begun.order.because) == (
        hall.key(),
        "ann",
        "run-1",
        "first look",
    )
    assert hall.redis.hget(hall.key(), "ran") == b"1"


def test_a_claim_that_is_sent_twice_places_one_order_and_still_names_the_drainer(hall):
    first = hall.cache.claim(hall.key(), "run", order=draft())
    again = hall.cache.claim(hall.key(), "run", order=draft())
    assert first.due == again.due != ()
    assert users(hall.drainer(*first.due)) == ["ann"]


def test_users_who_came_back_come_first(hall):
    (due,) = hall.ask("ann").due
    hall.ask("bob")
    hall.ask("cid", returned=True)
    assert users(hall.drainer(due)) == ["cid", "ann", "bob"]


def test_a_result_is_stored_and_the_next_order_taken_in_one_round_trip(hall, redis):
    (due,) = hall.ask("ann").due
    hall.ask("bob")
    taker = hall.drainer(due)
    begun = taker.take(END).order
    storing = hall.cache.store_call(begun.key, begun.order.token, 0, SHOWN)
    stored, take = taker.end_and_take(begun, storing, END)
    assert (stored, take.order.order.user) == (True, "bob")
    assert hall.ask("ann").what == "hit"


def test_an_order_that_was_taken_is_given_again_until_its_run_has_ended(hall):
    """As after a connection that broke before the answer was read."""
    (due,) = hall.ask("ann").due
    hall.ask("bob")
    taker = hall.drainer(due)
    assert [taker.take(END).order.order.user for _ in range(3)] == ["ann"] * 3
    taker.end(taker.take(END).order)
    assert taker.take(END).order.order.user == "bob"


@pytest.mark.parametrize("end", ["free", "outdate", "returned", "gone"])
def test_an_order_whose_run_has_lost_its_lock_is_dropped(hall, end):
    claimed = hall.ask()
    taker = hall.drainer(*claimed.due)
    match end:
        case "free":
            hall.cache.free(hall.key(), "run-1")
        case "outdate":
            outdate(hall.redis, hall.cache, hall.key())
        case "returned":
            hall.cache.returned(hall.key(), "run-2")
        case "gone":
            hall.redis.delete(hall.key())
    assert taker.take(END) == Take()


def test_an_order_that_has_waited_for_too_long_is_dropped(hall):
    (due,) = hall.ask().due
    hall.clock.ms += 121_000
    hall.redis.persist(hall.key())
    assert hall.drainer(due).take(END) == Take()


def test_no_more_drainers_begin_than_the_implementation_may_have(hall):
    claims = [hall.ask(f"user-{number}", most=2) for number in range(5)]
    assert [len(claimed.due) for claimed in claims] == [1, 1, 0, 0, 0]
    first, second = (hall.drainer(due, most=2) for (due,) in (claimed.due for claimed in claims[:2]))
    assert first.take(END).order
    assert second.take(END).due is None
    lower = hall.drainer(claims[0].due[0], most=1)
    lower.end(first.take(END).order)
    assert lower.take(END) == Take(), "the limit was lowered, so one of two ends"


def test_one_implementation_takes_three_quarters_of_what_the_others_leave(hall):
    hall.redis.set("st:places", 16)
    for implementation, expected in (("acme", 12), ("other", 3), ("third", 1), ("fourth", 1)):
        claims = [
            hall.ask(f"user-{number}", implementation=implementation, most=64, returned=False) for number in range(20)
        ]
        assert sum(len(claimed.due) for claimed in claims) == expected


def test_an_implementation_with_many_drainers_gives_places_back_when_others_need_them(hall):
    hall.redis.set("st:places", 8)
    own = [due for number in range(8) for due in hall.ask(f"user-{number}", most=64).due]
    assert len(own) == 6
    takers = [hall.drainer(due, most=64) for due in own]
    begun = [taker.take(END).order for taker in takers]
    assert all(begun)
    assert hall.ask("ann", implementation="other", most=64).due
    assert hall.ask("bob", implementation="other", most=64).due == ()
    takers[0].end(begun[0])
    assert takers[0].take(END) == Take(), "5 of the 7 places that are left"
    assert hall.ask("bob", implementation="other", most=64).due == ()
    assert hall.ask("cid", implementation="other", most=64).due


def test_a_drainer_makes_room_when_its_turn_is_over_and_others_wait_for_a_place(hall):
    (due,) = hall.ask("ann", most=1).due
    hall.ask("bob", most=1)
    taker = hall.drainer(due, most=1)
    taker.end(taker.take(YIELD).order)
    hall.redis.rpush("rq:queue:status", "a drainer of others")
    take = taker.take(YIELD)
    assert (take.order, take.due.implementation) == (None, "acme"), "it goes to the end of the queue"
    hall.redis.delete("rq:queue:status")
    assert hall.drainer(take.due, most=1).take(END).order.order.user == "bob"


def test_a_drainer_of_several_that_makes_room_is_not_replaced(hall):
    (first,), (second,) = (hall.ask(user).due for user in ("ann", "bob"))
    hall.ask("cid")
    hall.redis.rpush("rq:queue:status", "a drainer of others")
    assert hall.drainer(first).take(YIELD) == Take()
    assert hall.drainer(second).take(END).order.order.user == "ann"


def test_a_drainer_that_stops_takes_nothing_and_is_replaced(hall):
    (due,) = hall.ask().due
    take = hall.drainer(due).take(LEAVE)
    assert (take.order, take.due.implementation) == (None, "acme")
    assert hall.drainer(take.due).take(END).order.order.user == "ann"


def test_a_resting_drainer_is_woken_instead_of_a_new_one(hall):
    (due,) = hall.ask("ann").due
    taker = hall.drainer(due)
    taker.end(taker.take(REST).order)
    assert taker.take(REST).rests
    assert not taker.rest(0.01)
    assert hall.ask("bob").due == ()
    assert taker.rest(2)
    assert taker.take(REST).order.order.user == "bob"


def test_a_drainer_that_ends_its_rest_as_an_order_comes_takes_it(hall):
    (due,) = hall.ask("ann").due
    taker = hall.drainer(due)
    taker.end(taker.take(REST).order)
    assert taker.take(REST).rests
    assert hall.ask("bob").due == ()  # it has been woken, but does not know yet
    assert taker.take(END).order.order.user == "bob"


def test_no_drainer_is_due_for_an_order_for_which_one_is_on_its_way(hall):
    (first,) = hall.ask("ann").due
    (second,) = hall.ask("bob").due
    busy = hall.drainer(first)
    assert busy.take(END).due is None
    busy.end(busy.take(END).order)
    assert busy.take(END).order.order.user == "bob"
    assert hall.ask("cid").due == ()
    assert hall.drainer(second).take(END).order.order.user == "cid"


def test_a_list_that_is_full_takes_no_order_and_leaves_the_status_free(hall):
    hall.redis.rpush(ORDERS, *range(20_000))
    claimed = hall.ask()
    assert (claimed.what, claimed.mine, claimed.due) == ("pending", False, ())
    hall.redis.delete(ORDERS)
    assert hall.ask().mine
