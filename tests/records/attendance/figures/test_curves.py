"""The points of curves, by properties: nobody is counted twice or left out, and the room is never fuller than it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records.attendance.figures.curves import arrivals, most_in_room, peak, timeline, until
from records.attendance.minutes import Presence

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
MOMENTS = st.lists(st.integers(-300, 900).map(lambda minute: START + timedelta(minutes=minute)), max_size=40)
LINES = st.builds(
    lambda first, length, most: timeline(
        START + timedelta(minutes=first), START + timedelta(minutes=first + length), most=most
    ),
    st.integers(-60, 60),
    st.integers(0, 600),
    st.integers(1, 40),
)
PRESENCES = st.lists(
    st.builds(
        lambda begins, length: Presence(START + timedelta(minutes=begins), START + timedelta(minutes=begins + length)),
        st.integers(-60, 300),
        st.integers(1, 200),
    ),
    max_size=20,
)


@COMMON
@given(st.integers(0, 60 * 24 * 100), st.integers(1, 60))
def test_the_steps_cover_the_time_and_are_as_many_as_allowed(minutes, most):
    line = timeline(START, START + timedelta(minutes=minutes), most=most)
    assert 1 <= line.count <= most
    assert line.begins == START
    assert line.ends >= START + timedelta(minutes=minutes)
    assert line.ends - line.step < START + timedelta(minutes=max(minutes, 1))


@COMMON
@given(MOMENTS, LINES, st.randoms(use_true_random=False))
def test_each_arrival_is_counted_once_in_whatever_order(moments, line, random):
    counts = arrivals(moments, line)
    assert (len(counts), sum(counts)) == (line.count, len(moments))
    assert arrivals(random.sample(moments, len(moments)), line) == counts
    for number, begins in enumerate(line.starts[1:-1], start=1):
        assert counts[number] == sum(begins <= each < begins + line.step for each in moments)


@COMMON
@given(PRESENCES, LINES)
def test_the_curve_is_the_most_of_each_minute(presences, line):
    def at(moment):
        return sum(each.begins <= moment < each.ends for each in presences)

    minutes = range(line.step // timedelta(minutes=1))
    expected = [max(at(begins + timedelta(minutes=minute)) for minute in minutes) for begins in line.starts]
    assert list(most_in_room(presences, line)) == expected


@COMMON
@given(PRESENCES)
def test_the_peak_is_the_highest_point_and_was_reached(presences):
    highest, since = peak(presences)
    line = timeline(START - timedelta(minutes=60), START + timedelta(minutes=500), most=560)
    assert highest == max(most_in_room(presences, line))
    if presences:
        assert sum(each.begins <= since < each.ends for each in presences) == highest
    else:
        assert since is None


@COMMON
@given(PRESENCES, st.integers(-60, 500))
def test_until_a_moment_nobody_is_there_later(presences, minute):
    now = START + timedelta(minutes=minute)
    cut = until(presences, now)
    assert all(each.begins < each.ends <= now for each in cut)
    for moment in (now - timedelta(minutes=1), now - timedelta(minutes=30)):
        assert sum(e.begins <= moment < e.ends for e in cut) == sum(e.begins <= moment < e.ends for e in presences)
