"""Dates as organizers write them: what is certain is read, what can be read in two ways is never guessed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.agenda import dates
from records.agenda.cell_table import EPOCH_1900
from records.agenda.dates import DateCell, TimeReading

NEW_YORK = ZoneInfo("America/New_York")
NINE = datetime(2026, 7, 15, 13, 0, tzinfo=UTC)
#: Days and minutes of an agenda; no zone, as people write them.
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(  # noqa: DTZ001 - local times
    lambda at: at.replace(second=0, microsecond=0)
)


def read(text, order="iso", zone=NEW_YORK):
    return dates.moment(text, TimeReading(order, zone, EPOCH_1900))


def cells(*texts):
    return [DateCell(row, "Start Time", text) for row, text in enumerate(texts, 2)]


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-15 09:00",
        "2026-07-15T09:00:00.000",
        "2026/7/15 9:00",
        "2026-07-15 13:00Z",
        "2026-07-15 9:00 AM",
        "2026-07-15 15:00+02:00",
        "July 15, 2026 9:00 AM",
        "Jul 15 2026 9 am",
        "15 July 2026 at 09:00",
        "15-Jul-2026 9:00 a.m.",
        "15. July 2026, 09:00",
        "46218.375",
        "46218,375",
        "46218.3749999",
    ],
)
@pytest.mark.parametrize("order", ["iso", "month-first", "day-first"])
def test_what_can_be_read_in_one_way_only_is_read_whatever_the_order(text, order):
    assert read(text, order) == NINE


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("7/15/2026 9:00 AM", "month-first"),
        ("07/15/26 09:00", "month-first"),
        ("7-15-2026 9:00AM", "month-first"),
        ("15.07.2026 9:00", "day-first"),
        ("15/7/2026 9:00", "day-first"),
    ],
)
def test_dates_of_numbers_follow_the_order(text, order):
    assert read(text, order) == NINE
    other = "day-first" if order == "month-first" else "month-first"
    with pytest.raises(ValueError, match="is not a valid time if its date is read with the"):
        read(text, other)
    with pytest.raises(ValueError, match="year first"):
        read(text, "iso")


@pytest.mark.parametrize(("text", "hour"), [("12:00 AM", 0), ("12:30 am", 0), ("12:00 PM", 12), ("11:59 p.m.", 23)])
def test_midnight_and_noon_of_the_clock_with_twelve_hours(text, hour):
    assert read(f"2026-07-15 {text}", zone=ZoneInfo("UTC")).hour == hour


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("2026-07-15", "has a date without a time of day"),
        ("7/15/2026", "has a date without a time of day"),
        ("9:00 AM", "has a time of day without a date"),
        ("46218", "is the number of a day without a time of day"),
        ("46218.38", "is the number of a day whose time is not a whole minute"),
        ("2026-07-15 13:00 PM", "is not a valid time"),
        ("2026-07-15 0:30 AM", "is not a valid time"),
        ("2026-02-29 09:00", "is not a valid time"),
        ("31 June 2026 09:00", "is not a valid time"),
        ("2026-07-15 9", "must be a date with a time"),
        ("2026-07-15 09:00 EST", "must be a date with a time"),
        ("2026-07/15 09:00", "must be a date with a time"),
        ("20260715.5", "must be a date with a time"),
        ("10000.5", "must be in the years 1970 to 2199"),
        ("２０２６-07-15 09:00", "must be a date with a time"),  # noqa: RUF001 - other digits are the point
    ],
)
def test_what_is_no_date_with_a_time_is_refused_with_the_reason(text, reason):
    with pytest.raises(ValueError, match=reason):
        read(text, "month-first")


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["7/15/2026 9:00", "3/4/2026 9:00"], "month-first"),
        (["3/4/2026 9:00", "15/7/2026 9:00"], "day-first"),
        (["3/4/26 9:00", "7/15/26 9:00"], "month-first"),
        (["7/7/2026 9:00"], "iso"),  # both ways are the same day
        (["2026-07-15 09:00", "46218.375", "", "soon"], "iso"),
    ],
)
def test_one_date_that_can_be_read_in_one_way_only_decides_for_the_file(texts, order):
    assert dates.decide("auto", cells(*texts)).order == order


def test_a_file_whose_dates_can_all_be_read_in_two_ways_waits_for_a_person():
    found = dates.decide("auto", cells("2026-07-15 09:00", "03/04/2026 9:00 AM", "05/06/2026 9:00 AM"))
    assert (found.order, found.open) == ("", DateCell(3, "Start Time", "03/04/2026 9:00 AM"))
    assert dates.both_ways(found.open.text, NEW_YORK) == [
        ("month-first", "Wednesday 4 March 2026, 09:00"),
        ("day-first", "Friday 3 April 2026, 09:00"),
    ]
    assert dates.decide("day-first", cells("03/04/2026 9:00 AM")).order == "day-first"


def test_a_year_of_two_digits_at_the_end_may_be_a_day_at_the_start_so_it_proves_nothing():
    assert dates.decide("auto", cells("26/07/15 09:00")).order == ""


def test_a_file_that_is_written_in_both_orders_is_not_guessed():
    found = dates.decide("auto", cells("15/7/2026 9:00", "7/15/2026 9:00"))
    assert (found.order, found.because.row, found.against.row) == ("", 2, 3)


def test_an_order_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="must be one of"):
        dates.decide("guess", [])


WAYS = {
    "month-first": ["%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%m-%d-%Y %H:%M:%S", "%m/%d/%y %I:%M%p"],
    "day-first": ["%d/%m/%Y %H:%M", "%d.%m.%Y %H:%M", "%d/%m/%y %H:%M"],
    "iso": ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y/%m/%d %I:%M %p", "%d %B %Y %H:%M", "%b %d, %Y %I:%M %p"],
}


@given(MOMENTS, st.sampled_from([(order, way) for order, ways in WAYS.items() for way in ways]))
@settings(deadline=None)
def test_what_is_written_in_a_known_way_is_read_as_that_moment(moment, way):
    order, pattern = way
    assert read(moment.strftime(pattern), order, ZoneInfo("UTC")) == moment.replace(tzinfo=UTC)


@given(MOMENTS)
@settings(deadline=None)
def test_auto_never_reads_a_date_otherwise_than_it_was_written(moment):
    for order in ("month-first", "day-first"):
        text = moment.strftime(WAYS[order][0])
        found = dates.decide("auto", cells(text))
        if found.order:
            assert read(text, found.order, ZoneInfo("UTC")) == moment.replace(tzinfo=UTC)
        else:
            assert len({words for _, words in dates.both_ways(text, NEW_YORK)}) == 2


@given(MOMENTS, st.integers(6, 15))
@settings(deadline=None)
def test_the_number_of_a_day_is_read_to_the_minute(moment, digits):
    serial = (moment - EPOCH_1900) / timedelta(days=1)
    text = f"{serial:.{digits}f}"
    assert read(text, zone=ZoneInfo("UTC")) == moment.replace(tzinfo=UTC)


@given(st.text(st.sampled_from("0123456789/-.: TAPMapmJuly,Z+"), max_size=24), st.sampled_from(dates.CHOICES[1:]))
@settings(deadline=None, max_examples=300)
def test_any_text_is_a_moment_or_a_reason(text, order):
    try:
        assert read(text, order).tzinfo is UTC
    except ValueError as reason:
        assert str(reason)  # noqa: PT017 - either is right
    assert dates.decide("auto", cells(text)).order in ("", "month-first", "day-first", "iso")
