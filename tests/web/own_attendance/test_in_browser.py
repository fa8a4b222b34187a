"""From the widget to one's own attendance, and back, in Chromium: on a phone in the dark, and at a desk."""

import pytest
from playwright.sync_api import expect

from records.attendance.questions import disputes
from records.audit import AuditContext
from records.changes.attendance import questions
from records.tenants import implementations
from runner.logins import LoginStore
from tests.support.application import make_app, make_settings
from tests.support.browser import serving
from tests.support.people import visitor
from tests.support.stub_status_service import HIDDEN, WIDGET, StubStatusService, ready
from tests.web.console.scripts.conftest import looked_at

pytestmark = pytest.mark.browser


@pytest.fixture
def served(database, redis):
    """The application of the event at an address, with its stub status service."""
    status_service = StubStatusService()
    status_service.own_attendance = True

    def make(address):
        return make_app(database, LoginStore(redis), make_settings(address), status_service=status_service)

    with serving(make) as (address, app):
        app.config["address"], app.config["status service"] = address, status_service
        yield app


@pytest.fixture
def open_own(chromium, served):
    """Open pages as a person; at the end, nothing may have been complained about but answers to refused forms."""
    contexts, complaints = [], []

    def make(subject, width, scheme):
        context = chromium.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
        contexts.append(context)
        token = served.extensions["auth services"].logins.sign(visitor("demo", subject))
        context.add_cookies([{"name": "login", "value": token, "url": served.config["address"]}])
        page = context.new_page()
        page.look, page.schemes = str(width), (scheme,)
        page.set_default_timeout(8000)
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    for context in contexts:
        context.close()
    assert [said for said in complaints if "422" not in said] == []


@pytest.mark.parametrize("look", [(390, "dark"), (1280, "light")], ids=["phone in the dark", "at a desk"])
def test_a_person_looks_says_what_is_wrong_and_reads_the_answer(open_own, served, database, look):
    page = open_own("b1", *look)
    page.goto(served.config["address"] + WIDGET)
    looked_at(page, "own-widget")
    assert page.locator("#widget a:visible").count() == 1
    assert page.locator("#text").inner_text() == "Credit claimed"
    page.get_by_role("link", name="My attendance").click()
    looked_at(page, "own")
    page.get_by_role("link", name="This is wrong at Sepsis in 2026").click()
    looked_at(page, "own-wrong")
    page.get_by_role("button", name="Send to the organizer").click()
    page.wait_for_selector("text=There is a problem")
    looked_at(page, "own-refused")
    assert page.get_by_label("Session").input_value() == "s1"
    page.get_by_label("What happened").fill("I was there until the end. كنت هناك")
    page.get_by_role("button", name="Send to the organizer").click()
    page.wait_for_selector("text=The organizer will read it")
    with database.session() as db:
        demo = implementations.find(db, "demo")
        ((said, _),) = disputes.every_open(db, demo)
        questions.answer(db, demo, said.id, AuditContext("demo/olga", "You have all 55 minutes."))
    page.reload()
    page.wait_for_selector("text=You have all 55 minutes.")
    looked_at(page, "own-answered")


def test_people_without_scans_are_told_why(open_own, served):
    for subject, words in (("wu", "Your badge is not known here."), ("kim", "Another person has the same badge ID.")):
        page = open_own(subject, 390, "light")
        page.goto(served.config["address"] + "/me/demo/attendance")
        page.wait_for_selector(f"text={words}")
        looked_at(page, f"own-{subject}")


def test_the_widget_keeps_its_link_when_it_checks_again_and_has_none_while_it_is_hidden(open_own, served):
    status_service = served.config["status service"]
    page = open_own("b1", 390, "light")
    page.goto(served.config["address"] + WIDGET)
    link = page.get_by_role("link", name="My attendance")
    link.wait_for()
    status_service.status = HIDDEN
    page.evaluate("dispatchEvent(new Event('online'))")
    link.wait_for(state="hidden")
    assert page.locator("#row").is_hidden()
    status_service.status = ready()
    page.evaluate("dispatchEvent(new Event('online'))")
    link.wait_for()
    status_service.own_attendance = False
    page.evaluate("dispatchEvent(new Event('online'))")
    link.wait_for(state="hidden")
    expect(page.get_by_text("Credit claimed")).to_be_visible()
