"""Counts that refresh themselves: only when something changed, without taking away what a person does, honest when they are old."""

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames
from records.tenants import implementations
from tests.records.attendance.ledger_rows import draft
from tests.web.console.attendance.conftest import ATTENDANCE

pytestmark = pytest.mark.browser

#: Longer than the longest pause after an answer, and than that after four failures.
PAUSE, LONG_PAUSE = 30_000, 400_000


@pytest.fixture
def page(open_page, served, scanned):
    """The page of a session that is held, by a clock that the test moves on."""
    page = open_page("organizer")
    page.clock.install(time=datetime.now(UTC))
    page.goto(f"{served.config['address']}{ATTENDANCE}/sessions/CE-1")
    page.asked = []
    page.on("request", lambda request: page.asked.append(request.url))
    return page


def scan(database, number):
    with database.session() as db:
        demo = implementations.find(db, "demo")
        now = datetime.now(UTC)
        row = draft(9000 + number, session_id="CE-1", badge_id=f"B-{number}", corrected_at=now, received_at=now)
        chain.append(db, chain.lock(db, demo), [(row, BadgeNames("New", "Here"))])


def people(page):
    return page.locator("dl.figures dd").first


def test_a_new_scan_appears_and_what_a_person_does_stays(page, scanned):
    page.get_by_text("The numbers of both charts").click()
    page.get_by_label("Name or badge ID").fill("che")
    people(page).filter(has_text="64").wait_for()
    expect(page.get_by_text("refresh by themselves")).to_be_visible()
    scan(scanned, 1)
    page.clock.fast_forward(PAUSE)
    people(page).filter(has_text="65").wait_for()
    assert page.locator("details").first.get_attribute("open") is not None
    field = page.get_by_label("Name or badge ID")
    assert (field.input_value(), field.evaluate("one => one === document.activeElement")) == ("che", True)
    scan(scanned, 2)
    page.clock.fast_forward(PAUSE)
    people(page).filter(has_text="66").wait_for()


def test_a_page_that_has_not_changed_is_left_as_it_is(page):
    region = "document.getElementById('live')"
    for _ in range(3):  # a minute may begin, and then the page is sent once
        edition = page.locator("#live").get_attribute("data-edition")
        page.evaluate(f"{region}.mine = true")
        with page.expect_response("**/sessions/CE-1") as answer:
            page.clock.fast_forward(PAUSE)
        if answer.value.status == 304:
            break
        page.wait_for_function(f"was => {region}.dataset.edition !== was", arg=edition)
    assert answer.value.status == 304
    assert page.evaluate(f"{region}.mine") is True


def test_counts_are_called_old_while_the_service_does_not_answer_and_come_back(page, scanned, open_page):
    stale = page.get_by_text("These counts are old")
    assert stale.is_hidden()
    page.route("**/sessions/CE-1", lambda route: route.abort())
    page.clock.fast_forward(PAUSE)
    stale.wait_for()
    assert people(page).inner_text().startswith("64")
    scan(scanned, 3)
    page.unroute("**/sessions/CE-1")
    page.clock.fast_forward(LONG_PAUSE)
    people(page).filter(has_text="65").wait_for()
    assert stale.is_hidden()
    open_page.complaints[:] = [said for said in open_page.complaints if "ERR_FAILED" not in said]


def test_a_page_that_nobody_looks_at_is_not_asked_for(page):
    hide = "is => Object.defineProperty(document, 'hidden', { configurable: true, get: () => is })"
    page.evaluate(hide, arg=True)
    page.clock.fast_forward(LONG_PAUSE)
    assert page.asked == []
    page.evaluate(hide, arg=False)
    with page.expect_response("**/sessions/CE-1"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.clock.fast_forward(1000)


def test_without_script_the_counts_are_read_and_counted_again_by_a_link(open_page, served, scanned):
    page = open_page("organizer", java_script_enabled=False)
    page.goto(f"{served.config['address']}{ATTENDANCE}")
    assert page.get_by_text("refresh by themselves").is_hidden()
    assert people(page).inner_text() == "86"
    scan(scanned, 4)
    page.get_by_role("link", name="Count again").click()
    assert people(page).inner_text() == "87"
