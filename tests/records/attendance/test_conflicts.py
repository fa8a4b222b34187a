"""One badge in two sessions at the same time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from records.attendance import corrected_time
from records.attendance.conflicts import AttendanceConflict, conflicts_of
from records.attendance.minutes import Presence

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
COMMON = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def between(begins: float, ends: float) -> Presence:
    return Presence(START + timedelta(minutes=begins), START + timedelta(minutes=ends))


@pytest.mark.parametrize(
    ("second", "parents", "expected"),
    [
        (between(5, 20), {}, [AttendanceConflict("a", "b", 300)]),
        (between(9, 20), {}, []),  # exactly a minute is the way to the next room
        (between(8.99, 20), {}, [AttendanceConflict("a", "b", 60)]),
        (between(10, 20), {}, []),
        (between(5, 20), {"b": "a"}, []),
        (between(5, 20), {"a": "c", "c": "b"}, []),
        (between(5, 20), {"a": "c", "b": "c"}, [AttendanceConflict("a", "b", 300)]),
        (between(5, 20), {"a": "c", "c": "a"}, [AttendanceConflict("a", "b", 300)]),
    ],
)
def test_conflicts(second, parents, expected):
    assert conflicts_of({"a": [between(0, 10)], "b": [second]}, parents) == expected


def test_overlaps_of_two_sessions_are_added_up_and_third_sessions_are_pairs_of_their_own():
    found = conflicts_of({"a": [between(0, 60)], "c": [between(10, 12)], "b": [between(5, 10), between(20, 30)]}, {})
    assert found == [AttendanceConflict("a", "b", 900), AttendanceConflict("a", "c", 120)]


@COMMON
@given(
    st.dictionaries(st.sampled_from("abcd"), st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30)), max_size=3))
)
def test_conflicts_are_those_of_all_pairs(marks):
    presences = {name: [between(begin, begin + length) for begin, length in several] for name, several in marks.items()}
    wanted: dict[tuple[str, str], int] = {}
    listed = [(name, each) for name, several in presences.items() for each in several]
    for (one, mine), (other, theirs) in product(listed, listed):
        overlap = (min(mine.ends, theirs.ends) - max(mine.begins, theirs.begins)).total_seconds()
        if one < other and overlap > 60:
            wanted[one, other] = wanted.get((one, other), 0) + int(overlap)
    assert conflicts_of(presences, {}) == [AttendanceConflict(*pair, wanted[pair]) for pair in sorted(wanted)]


@pytest.mark.parametrize(
    ("behind", "moved"),
    [(0.0, 0), (5.0, 0), (-5.0, 0), (5.001, 5.001), (-5.001, -5.001), (3600 * 24 * 800.0, 3600 * 24 * 800)],
)
def test_a_clock_that_is_more_than_five_seconds_wrong_is_corrected(behind, moved):
    measured = corrected_time.skew(START + timedelta(seconds=behind), START)
    assert corrected_time.corrected(START, measured) == START + timedelta(seconds=moved)
