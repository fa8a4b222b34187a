"""The badge pages in Chromium: narrow and wide, light and dark, with long and right-to-left names, and without script."""

import os
from pathlib import Path

import pytest

from tests.support.looks import SIZES, look_at
from tests.web.console.settings.staff_people import DEMO
from tests.web.console.settings.test_settings_in_browser import LONG, open_page

__all__ = ["open_page"]
pytestmark = pytest.mark.browser

#: A folder in which to keep a picture of each page, for people to look at.
PICTURES = os.environ.get("BADGE_PICTURES")
CODES = f"10482|{LONG}|Alice\n20771|الجمعية|نور\n30993|van der Berg|María\nno badge of this event at all"


@pytest.fixture(params=SIZES)
def page(request, open_page):
    page = open_page(viewport=SIZES[request.param])
    page.look = request.param
    return page


def looked_at(page, name):
    look_at(page, PICTURES and Path(PICTURES) / f"{name}-{page.look}")


def test_the_format_is_set_up_by_hand_and_every_step_is_accessible(page):
    page.goto(f"{DEMO}/settings/badges")
    looked_at(page, "1-nothing")
    page.get_by_label("Text of codes").fill(CODES)
    page.get_by_role("button", name="Add codes").click()
    page.wait_for_selector("text=4 examples added.")
    page.get_by_role("button", name="Remove no badge of this event at all").click()
    page.wait_for_selector("text=The example is removed.")
    looked_at(page, "2-examples")
    page.get_by_label("Badge ID “10482”").first.check()
    page.get_by_role("button", name="Use this one").click()
    page.wait_for_selector("text=Look at what is read below")
    looked_at(page, "3-draft")
    for _ in range(2):
        page.get_by_role("button", name="Yes, right").first.click()
        page.wait_for_selector("text=Confirmed.")
    looked_at(page, "4-confirmed")
    page.get_by_role("button", name="Let scanners use this format").click()
    page.wait_for_selector("text=Scanners use the format from now on.")
    looked_at(page, "5-active")
