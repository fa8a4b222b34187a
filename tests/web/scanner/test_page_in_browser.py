"""The scanner page in Chromium, without script: narrow and wide, light and dark, with the keyboard alone, as a hand scanner types."""

import os
from pathlib import Path

import pytest

from tests.support.application import make_app, make_settings
from tests.support.browser import serving
from tests.support.looks import SIZES, look_at
from tests.support.people import visitor
from tests.web.scanner.test_page import PAGE, bars
from tests.web.scanner.test_scans_endpoint import database

__all__ = ["bars", "database"]
pytestmark = pytest.mark.browser

#: A folder in which to keep a picture of each state, for people to look at.
PICTURES = os.environ.get("SCANNER_PICTURES")


@pytest.fixture(params=SIZES)
def page(request, chromium, database, store, status_service):
    complaints = []
    with serving(lambda address: make_app(database, store, make_settings(address), status_service=status_service)) as (
        address,
        app,
    ):
        logins = app.extensions["auth services"].logins
        context = chromium.new_context(base_url=address, viewport=SIZES[request.param])
        # Without script; Chromium itself cannot be without, because axe is one.
        context.route("**/page.mjs", lambda route: route.fulfill(content_type="text/javascript", body=""))
        context.add_cookies([{"name": logins.cookie, "value": logins.sign(visitor("demo", "sam")), "url": address}])
        page = context.new_page()
        page.set_default_timeout(8000)
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.look = request.param
        page.goto(PAGE)
        yield page
        context.close()
    assert complaints == []


def looked_at(page, name):
    look_at(page, PICTURES and Path(PICTURES) / f"{name}-{page.look}")


@pytest.mark.usefixtures("bars")
def test_badges_are_scanned_one_after_the_other_without_touching_the_page(page):
    looked_at(page, "1-nothing")
    for typed, shown in (
        ("10482|Chen|Alice", "Alice Chen"),
        ("20771|الجمعية|نور", "نور الجمعية"),
        ("10482|Chen|Alice", "Already scanned: Alice Chen"),
        ("EVENT-OF-OTHERS|x", "Not a badge of this event"),
    ):
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        page.wait_for_selector(f".result strong:has-text('{shown}')")
        looked_at(page, f"2-{shown.split(maxsplit=1)[0]}")
        assert page.evaluate("() => document.activeElement.id") == "badge"
        assert page.get_by_label("Badge", exact=True).input_value() == ""
