"""Minutes and attendance of one badge at one session, by examples and by properties."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records.attendance.minutes import (
    AttendanceRules,
    BadgeScan,
    Presence,
    SessionRules,
    attendance,
    attended_until,
    minutes_until,
)

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
HOUR = SessionRules(START, START + timedelta(hours=1))
BOTH = replace(HOUR, in_and_out=True)
PLAIN = AttendanceRules()


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def scans(*marks: tuple[float, str]) -> list[BadgeScan]:
    return [BadgeScan(f"{number:02}", at(minute), direction) for number, (minute, direction) in enumerate(marks)]


@pytest.mark.parametrize(
    ("marks", "session", "rules", "minutes"),
    [
        ([], HOUR, PLAIN, 0),
        ([(8, "")], HOUR, PLAIN, 52),
        ([(8, "in"), (30, "out")], HOUR, PLAIN, 52),  # in only: directions are ignored
        ([(-20, "")], HOUR, PLAIN, 60),
        ([(-20, "")], HOUR, AttendanceRules(early_minutes=10), 70),
        ([(61, "")], HOUR, AttendanceRules(late_minutes=10), 0),  # only an `out` can use the late minutes
        ([(60, "")], HOUR, PLAIN, 0),
        ([(10, "in"), (40, "out")], BOTH, PLAIN, 30),
        ([(10, "in"), (20, "out"), (30, "in"), (45, "out")], BOTH, PLAIN, 25),
        ([(10, "in"), (20, "in"), (40, "out"), (50, "out")], BOTH, PLAIN, 30),
        ([(10, "in"), (66, "out")], BOTH, AttendanceRules(late_minutes=5), 55),
        ([(10, "in"), (66, "out")], BOTH, PLAIN, 50),
        ([(20, "out")], BOTH, PLAIN, 20),  # came before the door was watched
        ([(20, "out")], BOTH, AttendanceRules(early_minutes=10), 20),  # never earlier than the start
        ([(-5, "out"), (10, "in")], BOTH, PLAIN, 50),
        ([(0, "out")], BOTH, PLAIN, 0),
        ([(-9, "in"), (-4, "out"), (30, "out")], BOTH, PLAIN, 0),  # there was a presence already
        ([(10, ""), (40, "out")], BOTH, PLAIN, 30),  # no direction is an `in`
        ([(10, "in"), (10, "out")], BOTH, PLAIN, 60),  # `out` first: it ends the time since the start
        ([(10.4, "in"), (11.5, "out"), (20.4, "in"), (21.5, "out")], BOTH, PLAIN, 2),  # floored once, not twice
        ([(70, "in")], BOTH, PLAIN, 0),
    ],
)
def test_minutes(marks, session, rules, minutes):
    assert attendance(scans(*marks), session, rules).minutes == minutes


def test_an_out_without_an_in_is_shown_as_impossible():
    found = attendance(scans((10, "in"), (20, "out"), (30, "out")), BOTH, PLAIN)
    assert (found.impossible, found.minutes, found.inside) == (("02",), 10, False)
    assert attendance(scans((-5, "out")), BOTH, PLAIN).impossible == ("00",)
    assert attendance(scans((5, "in")), BOTH, PLAIN).inside


def test_repeats_are_of_one_direction_and_measured_from_the_scan_that_counts():
    found = attendance(scans((0, "in"), (1.5, "in"), (2, "in"), (3.5, "in")), BOTH, PLAIN)
    assert found.repeats == {"01": "00", "02": "00"}  # 120 s are still a repeat; the fourth is 210 s later
    found = attendance(scans((0, "in"), (0.5, "out"), (1, "in"), (1.2, "in")), BOTH, PLAIN)
    assert found.repeats == {"03": "02"}
    assert attendance(scans((0, "in"), (1, "out")), HOUR, PLAIN).repeats == {"01": "00"}  # in only
    assert attendance(scans((0, ""), (0, "")), HOUR, AttendanceRules(repeat_seconds=0)).repeats == {"01": "00"}


def test_a_session_whose_end_is_not_known_has_no_minutes():
    endless = replace(HOUR, ends_at=None)
    assert attendance([], endless, PLAIN).attended is False
    found = attendance(scans((5, "")), endless, PLAIN)
    assert (found.minutes, found.attended, found.presences) == (None, True, ())
    assert attendance(scans((5, "")), endless, AttendanceRules(minutes_needed=1)).attended is None


@pytest.mark.parametrize(
    ("rules", "attended"),
    [
        (PLAIN, True),
        (AttendanceRules(minutes_needed=30), True),
        (AttendanceRules(minutes_needed=31), False),
        (AttendanceRules(percent_needed=50), True),
        (AttendanceRules(percent_needed=51), False),
        (AttendanceRules(minutes_needed=31, percent_needed=50), True),  # either suffices
    ],
)
def test_attended(rules, attended):
    assert attendance(scans((30, "")), HOUR, rules).attended is attended


def test_presences_that_touch_are_one():
    found = attendance(scans((10, "in"), (20, "out"), (20, "in"), (40, "out")), BOTH, AttendanceRules(repeat_seconds=0))
    assert found.presences == (Presence(at(10), at(40)),)


MARKS = st.lists(
    st.builds(
        lambda second, direction, number: BadgeScan(f"{number:04}", START + timedelta(seconds=second), direction),
        st.integers(-1200, 5000) | st.integers(0, 40).map(lambda n: n * 60),
        st.sampled_from(["", "in", "out"]),
        st.integers(0, 9999),
    ),
    max_size=9,
    unique_by=lambda scan: scan.id,
)
SESSIONS = st.sampled_from([HOUR, BOTH, replace(BOTH, ends_at=None), replace(BOTH, ends_at=START)])
RULES = st.builds(
    AttendanceRules,
    repeat_seconds=st.sampled_from([0, 1, 60, 120, 600]),
    early_minutes=st.sampled_from([0, 5]),
    late_minutes=st.sampled_from([0, 5]),
    minutes_needed=st.sampled_from([0, 1, 30]),
    percent_needed=st.sampled_from([0, 1, 80]),
)


@COMMON
@given(MARKS, SESSIONS, RULES, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(marks, session, rules, random):
    shuffled = random.sample(marks, len(marks))
    assert attendance(shuffled, session, rules) == attendance(marks, session, rules)


@COMMON
@given(MARKS, SESSIONS, RULES)
def test_the_same_scans_twice_have_the_minutes_of_once(marks, session, rules):
    again = [BadgeScan(f"{each.id} again", each.at, each.direction) for each in marks]
    one, two = attendance(marks, session, rules), attendance([*marks, *again], session, rules)
    assert (one.presences, one.minutes, one.attended) == (two.presences, two.minutes, two.attended)


@COMMON
@given(MARKS.filter(bool), SESSIONS, RULES)
def test_a_void_and_the_scan_added_anew_meet(marks, session, rules):
    added = [*marks[1:], BadgeScan("added", marks[0].at, marks[0].direction)]
    one, two = attendance(marks, session, rules), attendance(added, session, rules)
    if len({each.at for each in marks}) == len(marks):  # the id orders scans of one moment only
        assert (one.presences, one.minutes, one.attended) == (two.presences, two.minutes, two.attended)
    assert attendance([*added[:-1], marks[0]], session, rules) == one


@COMMON
@given(MARKS, SESSIONS, RULES)
def test_presences_are_apart_in_order_and_within_the_session_and_its_margins(marks, session, rules):
    found = attendance(marks, session, rules)
    if session.ends_at is None:
        assert found.minutes is None
        return
    earliest = session.starts_at - timedelta(minutes=rules.early_minutes)
    edges = [edge for each in found.presences for edge in (each.begins, each.ends)]
    assert edges == sorted(edges)
    assert len(set(edges)) == len(edges)
    assert not edges or (edges[0] >= earliest and edges[-1] <= session.ends_at + timedelta(minutes=rules.late_minutes))
    assert found.minutes == sum((each.ends - each.begins).total_seconds() for each in found.presences) // 60


def second_by_second(marks, session, rules) -> int:
    """Say the same in another way: walk through the seconds, and count those in which the person was there."""
    ordered = sorted(marks, key=lambda one: (one.at, one.direction != "out", one.id))
    kept: list[BadgeScan] = []
    for each in ordered:
        same = kept and (kept[-1].direction == "out") == (each.direction == "out")
        if not same or (each.at - kept[-1].at).total_seconds() > rules.repeat_seconds:
            kept.append(each)
    inside, since, ever, present = False, 0, False, set()
    moments = [(int((one.at - START).total_seconds()), one.direction == "out") for one in kept]
    for moment, leaves in [*moments, (None, True)]:
        if moment is None:
            end = int((session.ends_at - START).total_seconds())
            present |= set(range(since, end)) if inside else set()
        elif leaves and inside:
            present, inside, ever = present | set(range(since, moment)), False, True
        elif leaves and not ever and moment > 0:
            present, ever = present | set(range(moment)), True
        elif not leaves and not inside:
            inside, since = True, moment
    first = -60 * rules.early_minutes
    last = int((session.ends_at - START).total_seconds()) + 60 * rules.late_minutes
    return len([second for second in present if first <= second < last]) // 60


@COMMON
@given(MARKS, RULES)
def test_minutes_are_those_of_a_walk_second_by_second(marks, rules):
    assert attendance(marks, BOTH, rules).minutes == second_by_second(marks, BOTH, rules)


@COMMON
@given(MARKS, SESSIONS, RULES, st.integers(-30, 120))
def test_minutes_until_a_moment_grow_to_all_of_them(marks, session, rules, minute):
    found = attendance(marks, session, rules)
    until = minutes_until(found, at(minute))
    if found.minutes is None:
        assert until is None
    else:
        assert 0 <= until <= found.minutes
        assert minutes_until(found, at(120)) == found.minutes


@COMMON
@given(MARKS, SESSIONS, RULES, st.integers(-30, 120), st.integers(0, 90))
def test_who_has_attended_at_a_moment_has_attended_ever_after(marks, session, rules, minute, later):
    found = attendance(marks, session, rules)
    then = attended_until(found, session, rules, at(minute))
    over = session.ends_at is None or at(minute) >= session.ends_at + timedelta(minutes=rules.late_minutes)
    assert then in ((found.attended,) if over else (True, None))
    if then:
        assert attended_until(found, session, rules, at(minute + later)) is True
    assert attended_until(found, session, rules, at(24 * 60)) is found.attended
