"""When to ask again, and which work is left out while people wait."""

import pytest

from runner.pressure.live_load import HOLDS_S, REHEARSAL, STARTS_BELOW_S, LiveLoad
from runner.pressure.run_pace import RunTotals
from runner.queues import run_causes
from runner.queues.backlog import Backlog
from runner.queues.run_causes import FIRST_LOOK, PREFETCH, REFRESH, RETURN


class Load:
    """A load whose counters, orders and clock a test sets; 100 runs end each second."""

    def __init__(self):
        self.now, self.reads = 0.0, 0
        self.backlogs = {"acme": Backlog(0, 0), "other": Backlog(0, 0)}
        self.live = LiveLoad(
            self.totals, self.backlogs.__getitem__, busy=lambda: ("acme", "other"), clock=lambda: self.now
        )

    def totals(self, _):
        self.reads += 1
        return RunTotals(int(100 * self.now), int(20_000 * self.now))

    def measured(self, returned, others):
        """Let orders wait for as long as it takes to measure the rate."""
        self.backlogs["acme"] = Backlog(returned, others)
        for _ in range(3):
            self.now += 1
            self.live.ask_again_s("acme", 12, returned=False)
        return self


@pytest.fixture
def load():
    return Load()


def started(load, implementation="acme"):
    return {cause for cause in STARTS_BELOW_S if load.live.starts(cause, implementation)}


def test_every_cause_of_an_order_and_the_rehearsal_has_a_limit():
    assert set(STARTS_BELOW_S) == run_causes.ORDERED - {""} | {REHEARSAL}


def test_the_more_waits_the_more_is_left_out_refreshes_first_and_what_people_wait_for_last(load):
    order = [REFRESH, PREFETCH, REHEARSAL, FIRST_LOOK]
    for waiting, left_out in ((50, 0), (150, 1), (250, 2), (400, 3), (2900, 3), (3100, 4)):
        load.measured(0, waiting)
        assert [cause for cause in order if cause not in started(load)] == order[:left_out], waiting


def test_who_came_back_waits_only_for_others_who_came_back(load):
    load.measured(0, 3500)
    assert load.live.starts(RETURN, "acme")
    assert not load.live.starts(FIRST_LOOK, "acme")
    load.measured(3500, 0)
    assert not load.live.starts(RETURN, "acme")


def test_who_came_back_is_told_a_shorter_time(load):
    load.measured(50, 950)
    assert load.live.ask_again_s("acme", 12, returned=True) in (1, 2)
    assert load.live.ask_again_s("acme", 12, returned=False) >= 10


def test_an_old_reading_keeps_no_run_from_starting(load):
    load.measured(3500, 3500)
    assert not started(load)
    load.now += HOLDS_S + 0.1
    assert started(load) == set(STARTS_BELOW_S)


def test_an_implementation_that_was_never_looked_at_may_start_anything(load):
    assert load.live.starts(REFRESH, "never seen")


def test_the_store_is_read_once_a_second(load):
    load.now = 5.0
    for _ in range(100):
        load.live.ask_again_s("acme", 12, returned=False)
    assert load.reads == 1


def test_prefetch_and_rehearsal_give_way_to_the_users_of_other_implementations(load):
    load.measured(0, 0)
    load.backlogs["other"] = Backlog(0, 500)
    load.now += 1
    assert load.live.may_start(REFRESH, "acme")
    assert not load.live.may_start(PREFETCH, "acme")
    assert not load.live.may_start(REHEARSAL, "acme")
    load.backlogs["other"] = Backlog(0, 0)
    load.now += 1
    assert load.live.may_start(PREFETCH, "acme")
    assert load.live.may_start(REHEARSAL, "acme")


def test_a_client_is_told_by_its_own_place_and_not_by_what_waits_behind_it(load):
    load.measured(0, 2000)
    assert load.live.ask_again_s("acme", 12, returned=False, in_front=100) in (2, 3)
    assert load.live.ask_again_s("acme", 12, returned=False, in_front=600, waited_s=2.0) in range(5, 8)
    assert load.live.ask_again_s("acme", 12, returned=False, in_front=100, waited_s=9.0) == 1


def test_it_says_whether_it_would_read_and_an_unknown_implementation_was_never_read(load):
    assert not load.live.is_read("acme")
    load.live.ask_again_s("acme", 12, returned=False)
    reads = load.reads
    assert load.live.is_read("acme")
    load.live.ask_again_s("acme", 12, returned=False)
    assert load.reads == reads
    load.now += 1
    assert not load.live.is_read("acme")
    load.live.ask_again_s("acme", 12, returned=False)
    assert load.reads == reads + 1
