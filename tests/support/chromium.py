"""Fixture: Chromium, once for the whole run. Playwright cannot be started twice in a thread, so there is one of it."""

import pytest
from playwright.sync_api import sync_playwright

from tests.support.browser import CHROMIUM, FLAGS, require_chromium


@pytest.fixture(scope="session")
def chromium():
    require_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()
