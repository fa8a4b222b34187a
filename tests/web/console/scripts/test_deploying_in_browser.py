"""Changing what users see, in Chromium: every act from the list or from a version, and back."""

import pytest

from tests.web.console.scripts.conftest import LONG, SCRIPTS, looked_at

pytestmark = pytest.mark.browser


def test_a_version_that_lacks_something_is_activated_after_a_tick(page_as, served, lacking):
    page = page_as("reviewer")
    page.goto(f"{served.config['address']}{SCRIPTS}/versions/{lacking}/activate")
    looked_at(page, "deploy-lacking")
    page.get_by_role("button", name=f"Activate version {lacking}").click()
    page.wait_for_selector("text=There is a problem")
    looked_at(page, "deploy-lacking-refused")
    page.get_by_label("Show it to users anyway").check()
    page.get_by_role("button", name=f"Activate version {lacking}").click()
    page.wait_for_selector(f"text=Version {lacking} is active.")


def test_a_version_is_widened_activated_rolled_back_suspended_and_all_scripts_stop(page_as, served, past):
    page = page_as("reviewer")
    page.goto(served.config["address"] + SCRIPTS)
    looked_at(page, "deploy-list")
    page.get_by_role("link", name="Let more users see version 2").click()
    looked_at(page, "deploy-widen")
    page.get_by_role("button", name="Widen the stage").click()
    page.wait_for_selector("text=More users see version 2 now.")
    page.get_by_role("link", name="Activate version 2").click()
    page.get_by_role("button", name="Activate version 2").click()
    page.wait_for_selector("text=Version 2 is active.")
    page.get_by_role("link", name="Roll back to version 1").click()
    page.get_by_role("button", name="Roll back to version 1").click()
    page.wait_for_selector("text=There is a problem")
    looked_at(page, "deploy-refused")
    page.get_by_label("Reason").fill(f"Wrong credits: {LONG} نور")
    page.get_by_role("button", name="Roll back to version 1").click()
    page.wait_for_selector("text=Version 1 is active again.")
    page.get_by_role("link", name="Version 2").first.click()
    page.get_by_role("link", name="Suspend version 2").click()
    looked_at(page, "deploy-suspend")
    page.get_by_label("Reason").fill("An attack")
    page.get_by_role("button", name="Suspend version 2").click()
    page.wait_for_selector("text=Version 2 is suspended.")
    page.get_by_role("link", name="Stop all scripts").click()
    page.get_by_label("Reason").fill("The vendor shows wrong credits")
    page.get_by_role("button", name="Stop all scripts").click()
    page.wait_for_selector("text=No message is shown.")
    looked_at(page, "deploy-stopped")
    page.get_by_role("link", name="Let scripts go on").click()
    page.get_by_role("button", name="Let scripts go on").click()
    page.wait_for_selector("text=Scripts run again.")
