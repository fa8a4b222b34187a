"""The banner about vendors and the list of connections in Chromium: a slow vendor, one that is not called, one that is well again."""

import os
from pathlib import Path

import pytest

from records import ConnectionDraft
from records.tenants import connections, implementations
from tests.support.looks import SIZES, look_at
from tests.support.vendor_health import BAD, GOOD, SLOW, count_calls, open_breaker
from tests.web.console.settings.staff_people import DEMO
from tests.web.console.settings.test_settings_in_browser import LONG, open_page

__all__ = ["open_page"]
pytestmark = pytest.mark.browser

#: A folder in which to keep a picture of each page, for people to look at.
PICTURES = os.environ.get("VENDOR_PICTURES")
#: The longest name that a connection may have.
WIDE = LONG.lower().replace("ä", "ae")[:40]


@pytest.fixture
def vendors(database, box, redis):
    """One vendor of each kind."""
    with database.session() as db:
        demo = implementations.find(db, "demo")
        for name in ("survey", WIDE, "quiet"):
            connections.save(db, box, demo, ConnectionDraft(name, f"https://{name}.example"))
    count_calls(redis, "demo", "ethosce", *[SLOW] * 12, *[GOOD] * 30, BAD)
    count_calls(redis, "demo", WIDE, *[BAD] * 8)
    open_breaker(redis, "demo", WIDE)
    count_calls(redis, "demo", "survey", *[BAD] * 8)
    count_calls(redis, "demo", "survey", *[GOOD] * 80)


@pytest.mark.parametrize("size", SIZES)
def test_vendors_in_trouble_are_told_accessibly_at_every_width_and_called_again_by_a_button(open_page, vendors, size):
    page = open_page(viewport=SIZES[size])
    for path, name in (("/connections", "connections"), ("/", "overview")):
        page.goto(DEMO + path)
        assert page.get_by_role("status").count() == 3
        look_at(page, PICTURES and Path(PICTURES) / f"{name}-{size}")
    page.goto(f"{DEMO}/connections")
    page.get_by_role("button", name="Try again now").press("Enter")
    page.get_by_text(f"{WIDE} is called again from now on.").wait_for()
    assert page.get_by_role("button", name="Try again now").count() == 0
