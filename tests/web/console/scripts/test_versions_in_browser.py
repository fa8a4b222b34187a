"""The lists of a script, one version and a comparison in Chromium: phone and desktop, light and dark."""

import pytest
from playwright.sync_api import expect

from tests.web.console.scripts.conftest import SCRIPTS, looked_at

pytestmark = pytest.mark.browser


def test_versions_are_listed_read_and_compared(page_as, served, past):
    page = page_as("author")
    page.goto(served.config["address"] + SCRIPTS)
    looked_at(page, "list")
    page.get_by_role("link", name="Version 3").first.click()
    expect(page.get_by_text("This text deceives readers")).to_be_visible()
    looked_at(page, "version")
    page.get_by_role("link", name="Line 10").first.click()
    assert page.evaluate("document.querySelector(':target').id") == "L10"
    page.get_by_role("link", name="Compare with the active version 1").click()
    page.get_by_label("Compare version").select_option("2")
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="From version 2 to version 3")).to_be_visible()
    looked_at(page, "compare")


def test_a_script_without_versions_says_how_to_begin(page_as, served):
    page = page_as("author")
    page.goto(served.config["address"] + SCRIPTS)
    expect(page.get_by_text("There is no version yet.")).to_be_visible()
    looked_at(page, "empty")
    page.goto(f"{served.config['address']}{SCRIPTS}/compare")
    looked_at(page, "compare-empty")
