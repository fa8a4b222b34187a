"""A field of a status that holds something else than we write: nothing stops, neither for that user nor for any other."""

from dataclasses import replace

import pytest

from runner.runs.status_sweep import StatusSweep
from runner.status.cache import ClaimResult
from runner.status.displayed_status import read_displayed
from runner.status.outdating.status_outdating import OUTDATE
from runner.store.lua_scripts import DirectScripts, LuaScript, ScriptCall
from tests.runner.runs.draining.hall import SHOWN as OF_THE_HALL
from tests.runner.runs.draining.hall import users

SHOWN = replace(OF_THE_HALL, body=b'{"run":"run-1","message":null}')
FIELDS = (
    "gen", "fresh", "keep", "span", "good_at", "until", "due", "step", "back_at", "moved", "asked", "seen", "calm",
)  # fmt: skip
POISON = ["", "poison", "nan", "inf", "-inf", "1e400", "-7", "1.5", "0x10", "9" * 18, "9" * 400, b"\xff\0"]


@pytest.fixture(params=["before a run", "in a run", "after a run", "after a return"])
def poisoned(request, hall):
    """Poison the status of ann, in each of its states, while bob waits too."""
    made = {"before a run": [], "in a run": ["ask"], "after a run": ["ask", "store"]}.get(request.param)

    def poison(field, value):
        if made is None:
            hall.ask("ann", returned=True)
        for act in made or ():
            if act == "ask":
                hall.ask("ann")
                hall.cache.begin(hall.key(), "run-1", 0, wall_s=1)
            else:
                hall.cache.store(hall.key(), "run-1", 0, SHOWN)
        hall.redis.hset(hall.key(), field, value)

    return poison


@pytest.mark.parametrize("field", FIELDS)
def test_a_poisoned_field_stops_no_claim_no_drainer_and_no_sweep(hall, poisoned, field):
    for value in POISON:
        hall.redis.flushall()
        hall.names = 0
        poisoned(field, value)
        (due, *_) = [*hall.ask("bob").due, *hall.ask("ann").due]
        hall.ask("ann", returned=True)
        hall.redis.hset(hall.key(), field, value)
        assert "bob" in users(hall.drainer(due)), value
        look_from_everywhere(hall)


def look_from_everywhere(hall):
    """All else that reads a status, or moves it."""
    outdate = ScriptCall(LuaScript(hall.redis, OUTDATE), (hall.key(),), hall.clock(), 1000, "done")
    assert DirectScripts(hall.redis).run(outdate)[0] in (0, 1)
    sweep = StatusSweep(hall.redis)
    for whole in (False, True):
        sweep._pass_over(oldest=hall.clock() + 10**9, whole=whole)
    read_displayed(hall.redis, hall.key(), "s1")
    assert isinstance(hall.ask("ann"), ClaimResult)


@pytest.mark.parametrize("value", POISON)
def test_a_poisoned_generation_begins_again_and_lets_no_earlier_run_store(hall, value):
    hall.ask("ann")
    assert hall.cache.begin(hall.key(), "run-1", 0, wall_s=1)
    hall.redis.hset(hall.key(), "gen", value)
    returned = hall.ask("ann", returned=True)
    assert returned.generation >= hall.clock()
    assert not hall.cache.store(hall.key(), "run-1", 0, SHOWN)
    assert hall.cache.begin(hall.key(), "run-2", returned.generation, wall_s=1)
    assert hall.cache.store(hall.key(), "run-2", returned.generation, SHOWN)


def test_something_else_under_the_key_of_a_status_does_not_stop_those_that_are_outdated_with_it(hall):
    hall.redis.set(hall.key(), "no hash")
    outdate = LuaScript(hall.redis, OUTDATE)
    calls = [ScriptCall(outdate, (key,), 0, 1000, "done") for key in (hall.key(), hall.key("bob"))]
    hall.ask("bob")
    assert DirectScripts(hall.redis).run(*calls) == [0, 1]


def test_places_that_are_no_number_let_no_implementation_take_all(hall):
    hall.redis.set("st:places", "nan")
    due = [each for user in range(9) for each in hall.ask(f"user{user}", most=2).due]
    assert len(due) == 2
