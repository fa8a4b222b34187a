"""Writing a script in Chromium: phone and desktop, light and dark, and with nothing but forms."""

import pytest

from tests.web.console.scripts.conftest import LONG, SCRIPTS, looked_at
from tests.web.console.scripts.test_editor import BAD, GOOD

pytestmark = pytest.mark.browser


def test_a_script_is_written_checked_and_submitted(page_as, served, past):
    page = page_as("author")
    page.goto(served.config["address"] + SCRIPTS)
    page.get_by_role("link", name="Write a new version").click()
    looked_at(page, "editor")
    page.get_by_label("Text of the script").fill(BAD)
    page.get_by_role("button", name="Check").click()
    page.get_by_role("link", name="Line 1", exact=True).first.click()
    looked_at(page, "editor-findings")
    page.get_by_label("Text of the script").fill(GOOD)
    page.get_by_label("Note for the reviewer").fill(f"Shorter. {LONG} نور")
    page.get_by_role("button", name="Submit for review").click()
    page.wait_for_selector("text=It replaces submission 3.")


def test_two_pages_of_one_author_are_told_of_each_other(page_as, served, past):
    page, other = page_as("author"), page_as("author")
    for one, word in ((page, "Mine"), (other, "Other")):
        one.goto(f"{served.config['address']}{SCRIPTS}/draft")
        one.get_by_label("Text of the script").fill(GOOD.replace("Welcome", word))
    other.get_by_role("button", name="Save draft").click()
    other.wait_for_selector("text=The draft is saved.")
    page.get_by_role("button", name="Save draft").click()
    page.wait_for_selector("text=This draft was saved on another page meanwhile.")
    looked_at(page, "editor-overtaken")
    page.get_by_role("button", name="Save mine over it").click()
    page.wait_for_selector("text=The draft is saved.")
