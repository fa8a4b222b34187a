"""Author tokens in Chromium: made, copied, revoked."""

import pytest

from tests.web.console.scripts.conftest import SCRIPTS, looked_at

pytestmark = pytest.mark.browser


def test_a_token_is_made_and_revoked(page_as, served):
    page = page_as("author")
    page.goto(f"{served.config['address']}{SCRIPTS}/draft")
    page.get_by_role("link", name="Author tokens").click()
    page.get_by_label("Name").fill("laptop")
    page.get_by_role("button", name="Make a token").click()
    page.wait_for_selector("text=The token laptop is made")
    assert page.locator("#token").input_value().startswith("sst_")
    looked_at(page, "token-made")
    page.get_by_role("button", name="Revoke the token laptop").click()
    page.wait_for_selector("text=The token laptop is revoked")
    looked_at(page, "tokens")
