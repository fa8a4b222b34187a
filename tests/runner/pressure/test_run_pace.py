"""From counters to a rate and to seconds, whatever the counters contain."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.pressure.run_pace import (
    LEAST_PER_S,
    LONGEST_RUN_S,
    LONGEST_S,
    MOST_PER_S,
    SPREAD,
    RunPace,
    RunTotals,
    ask_again_s,
)
from runner.status.cache import PATIENCE_S


def fed(*readings, places=12):
    """A pace after readings of (seconds, ended, busy ms, waiting)."""
    pace = RunPace(places)
    for now, ended, busy_ms, waiting in readings:
        pace.note(RunTotals(ended, busy_ms), waiting, now)
    return pace


def test_before_any_run_the_rate_is_that_of_the_places():
    assert RunPace(12).per_s == 48
    assert RunPace(12).wait_s(96) == 2


def test_before_it_was_measured_the_rate_is_that_of_the_places_and_the_runs_so_far():
    pace = fed((0, 100, 20_000, 0))
    assert (pace.run_s, pace.per_s) == (0.2, 60)


def test_while_runs_wait_the_rate_is_what_ends():
    assert fed((0, 0, 0, 500), (1, 250, 50_000, 400)).per_s == 250


def test_what_ends_while_none_waits_is_less_than_could_end():
    busy = fed((0, 0, 0, 500), (1, 250, 50_000, 400), (2, 500, 100_000, 0))
    idle = fed((0, 0, 0, 500), (1, 250, 50_000, 400), (2, 500, 100_000, 0), (3, 510, 102_000, 0))
    assert idle.per_s == busy.per_s == 250


def test_a_vendor_that_becomes_slow_lowers_the_rate_within_a_few_seconds():
    readings = [(0, 0, 0, 500), (1, 250, 50_000, 400)]
    readings += [(1 + n, 250 + 12 * n, 50_000 + 60_000 * n, 400) for n in range(1, 8)]
    assert fed(*readings).per_s == pytest.approx(12, abs=12)
    assert fed(*readings).run_s == pytest.approx(5, abs=0.3)


def test_runs_longer_than_the_time_between_two_readings_do_not_make_the_rate_too_high():
    readings = [(n, n // 5, 5000 * (n // 5), 9) for n in range(31)]  # one run at a time, 5 s each
    assert fed(*readings, places=1).per_s == pytest.approx(0.2, abs=0.01)


def test_orders_on_their_way_to_a_worker_do_not_make_a_quiet_hour_the_rate():
    """At each reading one order waits, as one does in a quiet hour now and then: the rate is not what comes in such an hour."""
    quiet = fed(*[(n, n, 250 * n, 1) for n in range(1, 30)])
    assert quiet.per_s == 48
    assert quiet.wait_s(100) < 3


def test_a_pause_of_the_store_does_not_make_the_rate_that_of_the_pause():
    readings = [(n, 250 * n, 50_000 * n, 400) for n in range(6)]
    readings += [(n, 1250, 250_000, 400) for n in range(6, 11)]
    readings += [(11 + n, 1250 + 250 * n, 250_000 + 50_000 * n, 400) for n in range(1, 4)]
    assert fed(*readings).per_s > 180


def test_a_measured_rate_holds_for_a_minute_and_then_the_places_count_again():
    busy = [(0, 0, 0, 500), (1, 100, 25_000, 400), (2, 200, 50_000, 300)]
    idle = [(n, 200 + n, 50_000 + 250 * n, 0) for n in range(3, 90)]
    assert fed(*busy, *idle[:50]).per_s == 100
    assert fed(*busy, *idle).per_s == 48


def test_without_a_worker_the_rate_stays_what_it_was():
    """That nothing ends says nothing about how fast it goes on."""
    readings = [(0, 0, 0, 500), (1, 250, 50_000, 400), *((n, 250, 50_000, 400) for n in range(2, 40))]
    assert fed(*readings).per_s == 250
    readings += [(n, 250, 50_000, 400) for n in range(40, 90)]
    assert fed(*readings).per_s == 60  # as before it was measured: 12 places, 0.2 s


def test_a_reading_long_after_the_last_one_is_a_new_beginning():
    assert fed((0, 0, 0, 500), (1, 250, 50_000, 400), (30, 251, 50_200, 3)).per_s == 250
    assert fed((0, 0, 0, 500), (1, 250, 50_000, 400), (600, 251, 50_200, 3)).per_s == 60


@pytest.mark.parametrize("now", [-5.0, 0.5])
def test_a_clock_that_goes_back_does_no_harm(now):
    pace = fed((1, 0, 0, 500), (2, 250, 50_000, 400), (now, 300, 60_000, 400))
    assert pace.per_s == 60  # as before it was measured
    pace.note(RunTotals(550, 110_000), 400, now + 1)
    assert pace.per_s == 250


def test_a_store_that_was_emptied_begins_anew():
    pace = fed((0, 0, 0, 500), (1, 250, 50_000, 400), (2, 3, 600, 400), (3, 253, 50_600, 300))
    assert pace.per_s == 250


@given(
    st.lists(
        st.tuples(
            st.floats(-1e6, 1e6),
            st.none() | st.builds(RunTotals, st.integers(-(2**63), 2**63), st.integers(-(2**63), 2**63)),
            st.integers(-(2**40), 2**40),
        ),
        max_size=12,
    )
)
def test_poisoned_counters_leave_the_rate_within_its_bounds_and_the_wait_a_number(readings):
    pace = RunPace(12)
    for now, totals, waiting in readings:
        pace.note(totals, waiting, now)
        assert LEAST_PER_S <= pace.per_s <= MOST_PER_S
        assert 0 <= pace.run_s <= LONGEST_RUN_S
        assert 1 <= ask_again_s(pace.run_s + pace.wait_s(waiting)) <= math.ceil(LONGEST_S * (1 + SPREAD))


@given(st.floats(0, LONGEST_S))
def test_a_client_is_never_told_to_come_before_its_answer(wait_s):
    assert ask_again_s(wait_s) >= wait_s


def test_a_client_that_keeps_to_the_longest_wait_is_not_forgotten_meanwhile():
    assert LONGEST_S * (1 + SPREAD) < PATIENCE_S
