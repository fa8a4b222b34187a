"""Charts over time: whatever the numbers, nothing is drawn outside, and no style stands in the drawing."""

import re
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from records.attendance.figures.curves import timeline
from web.console.attendance.charts import SIZES, TimeChart, round_up
from web.time_format import TimeFormatter

START = datetime(2026, 5, 4, 9, tzinfo=UTC)
CLOCK = TimeFormatter("Europe/Berlin")


def charts():
    """Charts of any length and height, some of which end before their time does."""

    def make(minutes, values, limit):
        line = timeline(START, START + timedelta(minutes=minutes), most=36)
        return TimeChart(line, values[: line.count], CLOCK, '"<label>"', ("places", limit) if limit else None)

    values = st.lists(st.integers(0, 10_000), max_size=36)
    return st.builds(make, st.integers(0, 60 * 24 * 40), values, st.integers(0, 10_000))


def numbers(pattern, drawn):
    return [float(each) for found in re.findall(pattern, drawn) for each in re.findall(r"-?\d+\.?\d*", found)]


@settings(deadline=None)
@given(charts())
def test_nothing_is_drawn_outside_of_its_frame(chart):
    for drawn in (str(chart.bars()), str(chart.curve())):
        wide, narrow = drawn.split("</svg>")[:2]
        for size, svg in zip(SIZES, (wide, narrow), strict=True):
            across = numbers(r' x[12]?="([^"]+)"', svg)
            down = numbers(r' y[12]?="([^"]+)"', svg)
            for path in re.findall(r' d="([^"]+)"', svg):
                points = numbers(r"(.*)", path)
                across, down = across + points[::2], down + points[1::2]
            assert all(0 <= each <= size.width for each in across)
            assert all(0 <= each <= size.height for each in down)
        assert "style" not in drawn
        assert 'aria-label="&#34;&lt;label&gt;&#34;"' in drawn


@given(charts())
def test_there_is_a_bar_for_each_value_that_is_not_0_and_the_highest_reaches_no_further_than_the_top(chart):
    assert str(chart.bars()).count('class="bar"') == len(SIZES) * sum(1 for value in chart.values if value)
    assert chart.top >= max([1, *chart.values])


@given(st.integers(1, 10**7))
def test_the_top_is_a_round_number_that_is_not_far_above(value):
    assert value <= round_up(value) <= 2 * value
    assert re.fullmatch(r"[12468]0*|10+", str(round_up(value)))
