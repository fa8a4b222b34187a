"""Who has a page open: others see it for a while, and the store keeps few names for each page."""

import pytest

from runner.logins import page_visits
from runner.logins.page_visits import MOST, PageVisits


@pytest.fixture
def visits(redis):
    return PageVisits(redis)


def test_visitors_are_told_the_last_first_and_for_each_page(visits):
    visits.note("a", "staff/rita")
    visits.note("a", "staff/rob")
    visits.note("b", "staff/rita")
    one, other, none = visits.of("a", "b", "c")
    assert list(one) == ["staff/rob", "staff/rita"]
    assert list(other) == ["staff/rita"]
    assert not none


def test_who_came_long_ago_is_not_looking(visits, monkeypatch):
    visits.note("a", "staff/rita")
    monkeypatch.setattr(page_visits, "LOOKING_S", -1)
    assert visits.of("a") == [{}]


def test_a_page_keeps_so_many_names(visits):
    for number in range(MOST + 5):
        visits.note("a", f"staff/{number}")
    assert len(visits.of("a")[0]) == MOST


def test_no_page_is_no_question(visits):
    assert visits.of() == []
