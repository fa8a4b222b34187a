"""The settings pages in Chromium: accessible, narrow, dark, with the keyboard, and without script."""

import dataclasses

import pytest
from playwright.sync_api import expect

from records.people import users
from records.people.users import UserProfile
from records.tenants import implementations
from tests.support.application import make_app, make_settings
from tests.support.browser import serving
from tests.support.looks import SCHEMES, look_at, violations
from tests.support.people import visitor
from tests.web.console.settings.conftest import IDP
from tests.web.console.settings.staff_people import DEMO, PAGES

pytestmark = pytest.mark.browser

LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmitgliederversammlung"


@pytest.fixture
def open_page(chromium, database, store, browser_for, outbound):
    """Pages of a signed-in administrator; at the end, nothing may have been complained about on any of them."""
    with database.session() as db:
        demo = implementations.find(db, "demo")
        implementations.update(db, demo, name=f"{LONG} الجمعية", user_types=[LONG])
        users.remember(db, demo, "x", UserProfile(user_type=LONG, attributes={LONG: "نور"}), provider=IDP.entity_id)
    store.refused_logins.note("demo", "audience", "0123abcd")

    def make(address):
        return make_app(database, store, make_settings(address), status_service=browser_for, outbound=outbound)

    complaints = []
    with serving(make) as (address, app):
        made = visitor("staff", "root")
        logins = app.extensions["auth services"].logins
        cookie = logins.sign(dataclasses.replace(made, proved=made.since))

        def opened(**options):
            context = chromium.new_context(base_url=address, **options)
            context.add_cookies([{"name": logins.cookie, "value": cookie, "url": address}])
            page = context.new_page()
            page.set_default_timeout(8000)
            page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            return page

        yield opened
    assert [said for said in complaints if "422" not in said] == []


#: In dark mode colours are what is different, and these pages have all of them.
DARK = ("/", "/settings", "/connections/ethosce", "/provider", "/provider/check")


def test_pages_are_accessible_and_nothing_scrolls_sideways_at_320(open_page):
    page = open_page(viewport={"width": 320, "height": 700})
    assert set(DARK) <= set(PAGES)
    for path in PAGES:
        page.goto(DEMO + path)
        look_at(page, schemes=SCHEMES if path in DARK else SCHEMES[:1])


def test_a_page_with_faults_is_accessible_and_leads_to_the_field(open_page):
    page = open_page(viewport={"width": 1280, "height": 900})
    page.goto(f"{DEMO}/settings")
    page.get_by_label("Default colour").fill("#ffff00")
    page.get_by_label("A message is new for").fill("soon")
    page.get_by_role("button", name="Save settings").press("Enter")
    page.wait_for_selector("#problems")
    assert page.evaluate("document.activeElement.id") == "problems"
    assert violations(page) == []
    page.locator("#problems a").first.press("Enter")
    assert page.evaluate("document.activeElement.id") == "default_color"
    assert page.get_by_label("A message is new for").input_value() == "soon"


def test_chips_fill_the_colour_and_the_counter_counts_what_people_see(open_page):
    page = open_page(viewport={"width": 390, "height": 800})
    page.goto(f"{DEMO}/settings")
    page.get_by_label("Green").check()
    assert page.get_by_label("Default colour").input_value() == "#006109"
    text = page.get_by_label("Fallback text")
    text.fill("👩‍🔬" * 35)
    assert "35 of 35" in page.locator(".counter").inner_text()
    text.fill("👩‍🔬" * 36)
    assert "more than 35 may not fit" in page.locator(".counter").inner_text()


def test_only_the_fields_of_the_chosen_credential_are_there(open_page):
    page = open_page(viewport={"width": 390, "height": 800})
    page.goto(f"{DEMO}/connections/new")
    expect(page.get_by_label("Name of the header")).not_to_be_visible()
    expect(page.get_by_label("Password, token, key or client secret")).not_to_be_visible()
    page.get_by_label("None").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Name of the header")).to_be_visible()
    expect(page.get_by_label("Password, token, key or client secret")).to_be_visible()
    expect(page.get_by_label("Client ID")).not_to_be_visible()


def test_without_script_everything_can_be_read_and_sent(open_page, database):
    page = open_page(viewport={"width": 390, "height": 800}, java_script_enabled=False)
    page.goto(f"{DEMO}/settings")
    page.get_by_label("Name", exact=True).fill("Quiet Congress")
    page.get_by_role("button", name="Save settings").click()
    page.wait_for_selector("text=The settings are saved")
    with database.reading() as db:
        assert implementations.find(db, "demo").name == "Quiet Congress"


def test_a_wait_is_said_and_a_form_is_sent_once(open_page):
    page = open_page(viewport={"width": 390, "height": 800})
    page.goto(f"{DEMO}/connections/ethosce")
    button = page.get_by_role("button", name="Test connection")
    page.evaluate("document.querySelector('[data-waits]').addEventListener('submit', (e) => e.preventDefault())")
    button.click()
    assert page.locator("[data-waits] button").inner_text() == "Asking the vendor…"
    page.evaluate("dispatchEvent(new Event('pageshow'))")
    expect(button).to_be_visible()
