"""Fixture: Chromium, once for the whole run. Playwright cannot be started twice in a thread, so there is one of it."""

import pytest
from playwright.sync_api import sync_playwright

from tests.support.browser import CHROMIUM, FLAGS, require_chromium

#: Pages live for seconds here: to optimise their scripts takes longer than they run.
SHORT_LIVED = "--js-flags=--no-opt"


@pytest.fixture(scope="session")
def chromium():
    require_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=[*FLAGS, SHORT_LIVED])
        yield browser
        browser.close()
