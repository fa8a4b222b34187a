"""The page for how long attendance is kept: nothing goes that a person has not seen, and a preview saves nothing."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from records import AgendaSession
from records.attendance import refused_scans
from records.tenants import implementations
from tests.records.attendance.ledger_rows import add_scans

PAGE = "/settings/retention"
TERMS = {"keep_names_days": "30", "keep_scans_days": "0", "keep_refused_days": "0", "keep_devices_days": "0"}


@pytest.fixture
def event(database):
    """An event that was over a year ago, with three badges and a refused scan."""
    ended = datetime.now(UTC) - timedelta(days=400)
    with database.session() as db:
        demo = implementations.find(db, "demo")
        for each in db.query(AgendaSession).filter(AgendaSession.implementation_id == demo.id):
            each.starts_at = each.ends_at = ended
        add_scans(db, demo, 3)
        refused_scans.keep(db, demo, [({"id": "x"}, "bad_id")], actor="a", device="", received_at=ended)


@pytest.fixture
def stored(database):
    def read():
        with database.reading() as db:
            demo = implementations.find(db, "demo")
            return demo.keep_names_days, demo.keep_refused_days, demo.keep_devices_days

    return read


def shown(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page.text).split())


def test_the_preview_says_what_would_go_and_saves_nothing(organizer, event, stored):
    assert "Names on scans, by badge 3 ever none never" in shown(organizer.get(PAGE))
    page = organizer.post(PAGE, TERMS | {"act": "preview", "keep_refused_days": "900"})
    assert "Names on scans, by badge 3 30 days 3" in shown(page)
    assert "Refused scans 1 900 days none" in shown(page)
    assert stored() == (0, 0, 0)


def test_what_would_go_at_once_is_shown_before_it_is_saved(organizer, event, stored):
    page = organizer.post(PAGE, TERMS)
    assert "Not saved yet" in page.text
    assert stored() == (0, 0, 0)
    other = organizer.post(PAGE, TERMS | {"act": "30-0-0-0", "keep_refused_days": "5"})  # not what was shown
    assert "Not saved yet" in other.text
    confirming = re.search(r'name="act" value="([0-9-]+)"', page.text)[1]
    assert organizer.post(PAGE, TERMS | {"act": confirming}).status_code == 303
    assert stored() == (30, 0, 0)
    assert organizer.post(PAGE, TERMS).status_code == 303  # saved as it is: no change


def test_what_deletes_nothing_now_is_saved_at_once(organizer, event, stored):
    assert organizer.post(PAGE, TERMS | {"keep_names_days": "3000", "keep_devices_days": "61"}).status_code == 303
    assert stored() == (3000, 0, 61)


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"keep_names_days": "-1"}, "must be"),
        ({"keep_names_days": "soon"}, "must be"),
        ({"keep_refused_days": ""}, "must be"),
        ({"keep_devices_days": "59"}, "must be 0, or 61 to 3650"),
    ],
)
def test_days_that_cannot_be_are_refused_and_stay_in_the_form(organizer, event, stored, typed, words):
    for act in ("", "preview"):
        page = organizer.post(PAGE, TERMS | typed | {"act": act})
        assert page.status_code == 422
        assert words in page.text
    assert stored() == (0, 0, 0)
