"""Orders and keys that somebody else wrote to the store: refused or dropped, and the next order is served."""

import json
from dataclasses import replace

import pytest
from redis.exceptions import ResponseError

from runner.queues.order_scripts import CLOCK
from runner.queues.order_scripts import ORDERS as ORDER_FUNCTIONS
from runner.queues.status_jobs import DueDrainer
from runner.runs.draining.order_taking import Take
from tests.runner.runs.draining.hall import END, ORDERS, RETURNED, users


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


def test_an_order_whose_run_is_no_text_is_refused_once_and_not_for_ever(hall):
    (due,) = hall.ask("ann").due
    order = hall.redis.lpop(ORDERS).replace(b" run-1 ", b" run-\xff ")
    hall.redis.rpush(ORDERS, order)
    hall.redis.hset(hall.key(), "lock", b"run-\xff")
    hall.ask("cid")
    assert users(hall.drainer(due)) == ["cid"]


@pytest.mark.parametrize(
    ("field", "served"),
    [
        ({"state": b"\xff"}, ["cid"]),
        ({}, ["cid"]),
        ({"state": "ready", "back_at": "9" * 18, "due": 1}, ["ann", "cid"]),  # a time that cannot be does not count
    ],
)
def test_a_status_that_somebody_else_wrote_ends_no_drainer(hall, field, served):
    (due,) = hall.ask("ann").due
    hall.ask("cid")
    hall.redis.hset(hall.key(), mapping={"body": b'{"text":"x"}', "good_at": 1, **field})
    assert users(hall.drainer(due)) == served


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


def test_an_error_that_is_not_about_what_a_key_holds_deletes_nothing(hall):
    """Such as that of a store that is full."""
    hall.ask("ann")
    with pytest.raises(ResponseError):
        hall.redis.eval(CLOCK + ORDER_FUNCTIONS + "return call('LPOP', KEYS[1], 'no number')", 1, ORDERS, 0)
    assert hall.redis.llen(ORDERS) == 1


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
