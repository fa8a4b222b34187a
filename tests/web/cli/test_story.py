"""The whole story in Chromium: log in over SAML, see "Claim", claim at the vendor, see "Credit claimed", log out.

Through identity provider, worker, Redis, jail and a vendor over real HTTP, with the widget in the app's page as a
newcomer sees it. And staff: an administrator opens the console, an attendee does not.
"""

import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.browser import require_chromium, widest
from tests.support.running_up import start_up

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PATHS = (
    "/",
    "/sessions/CE-102",
    "/control/",
    "/badges",
    "/ethosce/claim/CE-101?uid=165",
    "/cvent/register/WS-202?uid=165",
    "/live/LIVE-2",
)
#: set to a folder to keep pictures of the story, for the README
PICTURES = os.environ.get("STORY_PICTURES")


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    require_chromium()
    started = start_up(tmp_path_factory.mktemp("story") / "data")
    assert "is running" in started.output(), started.output()
    yield started
    assert started.stop(signal.SIGTERM) == 0
    assert started.gone()


@pytest.fixture
def page(chromium):
    context = chromium.new_context(viewport={"width": 390, "height": 680})
    page = context.new_page()
    page.set_default_timeout(15_000)
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console", lambda message: faults.append(message.text) if "Content Security Policy" in message.text else None
    )
    yield page
    context.close()
    assert faults == []


def widget(page):
    return page.frame_locator("iframe.widget")


def log_in(page, up, session, name):
    page.goto(f"{up.demo}/sessions/{session}")
    widget(page).get_by_role("link", name="Log in for session status info").click()
    page.wait_for_url(f"{up.idp}/sso?*")
    expect(page.get_by_text("Anyone can log in as anyone")).to_be_visible()
    page.get_by_role("button", name=f"Log in as {name}").click()
    page.wait_for_url(f"{up.demo}/sessions/{session}")


def open_console(page, up, name):
    page.goto(f"{up.service}/console/")
    page.get_by_role("link", name="Sign in").or_(page.get_by_role("button", name="Sign in")).first.click()
    page.wait_for_url(f"{up.idp}/sso?*")
    page.get_by_role("button", name=f"Log in as {name}").click()
    page.wait_for_url(f"{up.service}/**")


def picture(page, name):
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def switch(page, up, api, words, **seconds):
    page.goto(f"{up.demo}/control/")
    form = page.locator(f"form[action='/control/{api}']")
    form.get_by_label(words, exact=True).check()
    for label, value in seconds.items():
        form.locator(f"input[name={label}]").fill(str(value))
    form.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("Saved")


def test_the_story_from_claim_to_credit_claimed(page, up):
    page.goto(f"{up.demo}/")
    page.get_by_role("link", name="Sepsis in the first hour").first.click()
    expect(widget(page).get_by_role("link")).to_have_text("Log in for session status info")
    log_in(page, up, "CE-101", "Mei Chen")
    claim = widget(page).get_by_role("link", name="Claim 1.0 CE credit")
    expect(claim).to_be_visible()
    picture(page, "story-1")
    # at the vendor
    claim.click()
    page.wait_for_url(f"{up.demo}/ethosce/claim/CE-101?*")
    expect(page.get_by_role("heading")).to_have_text("Sepsis in the first hour")
    picture(page, "story-2")
    page.get_by_role("button", name="Claim 1.0 CE credit").click()
    # led back by the signed address, and right at once
    page.wait_for_url(f"{up.demo}/sessions/CE-101")
    expect(widget(page).get_by_text("Credit claimed")).to_be_visible()
    expect(widget(page).get_by_role("link", name="Claim")).to_have_count(0)
    expect(page.locator("#runs")).to_contain_text("Credit claimed")
    picture(page, "story-3")
    page.reload()
    expect(widget(page).get_by_text("Credit claimed")).to_be_visible()
    # log out here, and so at the identity provider
    page.goto(f"{up.service}/login/demo")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(f"{up.service}/login/demo/out")
    page.goto(f"{up.idp}/")
    expect(page.get_by_text("No one is logged in here")).to_be_visible()
    page.goto(f"{up.demo}/sessions/CE-101")
    expect(widget(page).get_by_role("link")).to_have_text("Log in for session status info")


def test_the_page_that_sends_a_login_back_has_a_button_where_script_is_off(chromium, up):
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{up.service}/login/demo?next=/app/demo/sessions/CE-101")
    page.get_by_role("button", name="Log in as Mei Chen").click()
    expect(page.get_by_role("heading", name="Back to demo")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{up.demo}/sessions/CE-101")
    context.close()


def test_another_person_is_one_link_away_and_a_logout_at_the_provider_reaches_the_service(page, up):
    log_in(page, up, "CE-102", "Jide Okafor")
    page.get_by_role("link", name="Log in as another person").click()
    page.get_by_role("button", name="Log in as Mei Chen").click()
    page.wait_for_url(f"{up.demo}/sessions/CE-102")
    page.goto(f"{up.idp}/")
    expect(page.get_by_role("heading", name="You are Mei Chen")).to_be_visible()
    page.get_by_role("button", name="Log out everywhere").click()
    expect(page.get_by_text("and from all implementations")).to_be_visible()
    page.goto(f"{up.demo}/sessions/CE-102")
    expect(widget(page).get_by_role("link")).to_have_text("Log in for session status info")


def test_an_administrator_opens_the_console_and_an_attendee_does_not(page, up):
    open_console(page, up, "Grace Okonkwo")
    expect(page.get_by_role("link", name="Meadowlands Annual Meeting").first).to_be_visible()
    page.goto(f"{up.idp}/")
    page.get_by_role("button", name="Log out everywhere").click()
    expect(page.get_by_text("and from all implementations")).to_be_visible()
    open_console(page, up, "Mei Chen")
    expect(page.get_by_text("Your roles do not allow you to")).to_be_visible()
    expect(page.get_by_role("link", name="Meadowlands Annual Meeting")).to_have_count(0)


def test_a_vendor_which_lags_behind_its_own_site_is_asked_again_until_it_knows(page, up):
    switch(page, up, "ethosce", "Answers well", lag_s=3)
    log_in(page, up, "CE-101", "Jide Okafor")
    widget(page).get_by_role("link", name="Claim 1.0 CE credit").click()
    page.get_by_role("button", name="Claim 1.0 CE credit").click()
    page.wait_for_url(f"{up.demo}/sessions/CE-101")
    expect(widget(page).get_by_text("Checking…")).to_be_visible()
    expect(widget(page).get_by_text("Credit claimed")).to_be_visible(timeout=20_000)
    switch(page, up, "ethosce", "Answers well", lag_s=0)


def test_a_workshop_is_registered_for_and_the_seat_is_seen(page, up):
    log_in(page, up, "WS-202", "Mei Chen")
    widget(page).get_by_role("link", name="Register for this workshop").click()
    page.get_by_role("button", name="Join the waitlist").click()
    page.wait_for_url(f"{up.demo}/sessions/WS-202")
    expect(widget(page).get_by_text("You are on the waitlist")).to_be_visible()


def test_a_badge_that_is_scanned_at_the_door_changes_the_message_of_its_owner(page, up):
    log_in(page, up, "CE-103", "Mei Chen")
    expect(widget(page).get_by_text("Checked in")).to_be_visible()
    page.get_by_role("link", name="Log in as another person").click()
    page.get_by_role("button", name="Log in as Sam Rivera").click()
    page.wait_for_url(f"{up.demo}/sessions/CE-103")
    page.goto(f"{up.demo}/badges")
    expect(page.get_by_role("img", name="Code on the badge of Mei Chen")).to_be_visible()
    page.goto(f"{up.demo}/sessions/CE-103")
    widget(page).get_by_role("link", name="Scan badges").click()
    page.wait_for_url(f"{up.service}/scan/demo/sessions/CE-103")
    page.get_by_label("Out").check()
    page.get_by_label("Badge", exact=True).fill("100165")
    page.keyboard.press("Enter")
    expect(page.locator("#result")).to_contain_text("Mei Chen")
    expect(page.locator("#recent")).to_contain_text("sent")
    page.goto(f"{up.demo}/sessions/CE-103")
    page.get_by_role("link", name="Log in as another person").click()
    page.get_by_role("button", name="Log in as Mei Chen").click()
    expect(widget(page).get_by_role("link", name="- claim 1.0 CE")).to_have_text(re.compile(r"Attended 5\d min"))


def test_where_there_is_nothing_to_say_the_widget_shows_nothing(page, up):
    log_in(page, up, "LUNCH", "Mei Chen")
    expect(widget(page).locator("#widget")).to_have_attribute("data-state", "hidden")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_of_the_demo_scrolls_sideways_at_320_px(chromium, up, scheme):
    context = chromium.new_context(viewport={"width": 320, "height": 640}, color_scheme=scheme)
    page = context.new_page()
    asking = f"{up.service}/login/demo?next=/app/demo/sessions/CE-101"
    for address in (*(up.demo + path for path in PATHS), f"{up.idp}/", f"{up.idp}/sso", asking):
        page.goto(address)
        assert widest(page) <= 320, address
        expect(page.locator("h1, h2").first, address).to_be_visible()
    context.close()


def test_a_failing_vendor_leads_to_the_fallback_and_not_to_a_guess(page, up):
    switch(page, up, "cvent", "Failing: every answer is a 500")
    log_in(page, up, "WS-201", "Sam Rivera")
    expect(widget(page).get_by_text("Ask at the CE desk")).to_be_visible()
