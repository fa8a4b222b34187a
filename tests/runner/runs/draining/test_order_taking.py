"""Orders from their claim to their drainer: who takes them, in which order, and what happens when somebody dies or lies."""

import json
from dataclasses import replace

import pytest

from runner.queues.drainer_leases import DrainerLeases
from runner.queues.order_lists import OrderDraft
from runner.queues.status_jobs import DrainOrder, DueDrainer, StatusQueue
from runner.runs.draining.order_taking import OrderTaker, Take, TakeTerms, Without
from runner.status.cache import StatusCache, StatusUpdate

END, REST, LEAVE = (TakeTerms(without, yields=False) for without in (Without.END, Without.REST, Without.LEAVE))
YIELD = TakeTerms(Without.END, yields=True)
SHOWN = StatusUpdate(state="ready", body=b'{"text":"Claim"}', digest="claim", ok=True, fresh_s=60, stale_s=600)
ORDERS, RETURNED = "st:orders:{acme}", "st:orders:{acme}:back"


class Clock:
    ms = 1_000_000

    def __call__(self):
        return self.ms


class Hall:
    """A cache, orders and drainers on a real store with a clock of its own."""

    def __init__(self, redis):
        self.redis, self.clock, self.names = redis, Clock(), 0
        self.cache = StatusCache(redis, clock_ms=self.clock)
        self.queue = StatusQueue(redis)

    def key(self, user="ann", implementation="acme"):
        return StatusCache.key(implementation, user, "s1", "e")

    def ask(self, user="ann", *, implementation="acme", most=4, returned=False):
        """Claim as the web side does; the answer's `due` is not queued."""
        self.names += 1
        act = self.cache.returned if returned else self.cache.claim
        return act(self.key(user, implementation), f"run-{self.names}", order=draft(user, implementation, most))

    def drainer(self, due, *, most=4):
        own = DrainOrder(due.implementation, due.name, most)
        return OrderTaker(self.redis, self.cache, own)

    def look(self):
        """As a worker does that is still there, after the leases of those that are not."""
        self.clock.ms += 2000
        DrainerLeases(self.redis, self.queue, clock_ms=self.clock).look()

    def jobs(self):
        return [job.decode() for job in self.redis.lrange("rq:queue:status", 0, -1)]


def draft(user="ann", implementation="acme", most=4):
    return OrderDraft(implementation, user, "s1", "v", "e", staff=False, most=most, lock_ms=8000)


@pytest.fixture
def hall(redis):
    return Hall(redis)


def users(taker, terms=END):
    """Take everything; the users whose orders it was."""
    found, take = [], taker.take(terms)
    while take.order:
        found.append(take.order.order.user)
        taker.end(take.order)
        take = taker.take(terms)
    return found


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
            hall.cache.outdate(hall.key())
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


# -- death --------------------------------------------------------------------------------------------------------


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


# -- lies ---------------------------------------------------------------------------------------------------------


def lie(hall, **changes):
    """Put an order into the list of acme by hand, for a status that is locked for it."""
    (due,) = hall.ask("ann").due
    generation, *rest = hall.redis.lpop(ORDERS).decode().split(" ", 8)
    names = ("digest", "pair", "token", "at", "lock", "back", "what", "json")
    parts = {"generation": generation} | dict(zip(names, rest, strict=True))
    told = json.loads(parts["json"])
    for place, name in enumerate(("implementation", "user", "session", "version", "edition", "because")):
        told[place] = changes.pop(name, told[place])
    parts |= {"json": json.dumps(told)} | changes
    hall.redis.rpush(ORDERS, " ".join(parts.values()))
    return due


LIES = {
    "the order of another implementation": {"implementation": "other"},
    "the order of another user": {"user": "bob"},
    "the order of another session": {"session": "s2"},
    "another edition": {"edition": "f"},
    "a user that is no text": {"user": ["ann"]},
    "a version that is no text": {"version": None},
    "an unknown cause": {"because": "I say so"},
    "no JSON": {"json": "{"},
    "deep JSON": {"json": "[" * 100_000},
    "JSON that is something else": {"json": '{"user":"ann"}'},
    "a word that says of no claim": {"what": "hit"},
}


@pytest.mark.parametrize("what", LIES)
def test_a_hostile_order_is_refused_and_the_next_one_is_served(hall, what, caplog):
    due = lie(hall, **LIES[what])
    hall.ask("cid")
    assert users(hall.drainer(due)) == ["cid"]
    assert "order refused" in caplog.text


GARBAGE = [
    b"",
    b"\xff\xfe",
    b"0 x",
    b"x" * 100_000,
    b"0 ab cd run-1 1 2 0 pending",
    b"[]",
    b"0 ab cd run-1 9 9 9 late {}",
]


def test_garbage_among_the_orders_is_dropped(hall):
    (due,) = hall.ask("ann").due
    hall.redis.lpush(ORDERS, *GARBAGE)
    hall.redis.rpush(RETURNED, *GARBAGE)
    hall.redis.set("st:{acme:ab}", "no hash")
    assert users(hall.drainer(due)) == ["ann"]


@pytest.mark.parametrize(
    "key", [ORDERS, RETURNED, "st:held:{acme}", "st:resting:{acme}", "st:coming:{acme}", "st:drainers", "st:places"]
)
def test_keys_that_hold_something_else_stop_nobody(hall, key):
    hall.redis.hset(key, "x", "y") if "held" not in key else hall.redis.set(key, "x")
    claimed = hall.ask("ann")
    assert users(hall.drainer(*claimed.due)) == ["ann"]


@pytest.mark.parametrize("member", ["x", "", "acme no-such 1", "a b c", "acme run-1 99999999999999999999"])
def test_a_drainer_that_never_was_is_removed(hall, member):
    hall.redis.zadd("st:drainers", {member: 1})
    hall.look()
    assert hall.redis.zcard("st:drainers") == 0
    assert hall.ask("ann").due[0].name


def test_a_drainer_that_nobody_appointed_gets_no_order(hall):
    hall.ask("ann")
    assert hall.drainer(DueDrainer("acme", "forged", 4)).take(END) == Take()


def test_a_drainer_of_one_implementation_gets_no_order_of_another(hall):
    (due,) = hall.ask("ann").due
    hall.ask("bob", implementation="other")
    assert users(hall.drainer(due)) == ["ann"]
    assert hall.drainer(replace(due, implementation="other")).take(END) == Take()
