"""The console's pages in a real browser: for everybody, on every width, in light and dark, by keyboard."""

import hashlib
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from records import AgendaSession, RunRecord, audit
from records.audit import AuditContext
from records.changes import retirement
from records.people import grants, users
from records.scripts import deployments, runs, versions
from records.tenants import implementations
from tests.support.browser import widest
from tests.support.looks import violations
from tests.web.console.conftest import HOSTILE

pytestmark = pytest.mark.browser

DEMO = "/console/implementations/demo"
#: Which rules of axe count.
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3
RUN = RunRecord(
    id="",
    implementation="demo",
    user="long",
    session="CE-0",
    version=hashlib.sha256(b"x").hexdigest(),
    started_at=datetime(2026, 5, 4, 14, 30, tzinfo=UTC),
    outcome="returned",
    shown_as="fresh",
    message={"text": "Claim 1.0 CE credit", "action": {"kind": "link", "url": f"https://a.example/{LONG}"}},
)
#: Runs as they are when things go wrong: long names, a right-to-left text, an error of many words.
ODD_RUNS = (
    {},
    {
        "outcome": "raised",
        "shown_as": "last good",
        "error": {"type": "KeyError", "line": 12, "text": LONG},
        "warnings": ["calls: 9 of 10 used", LONG],
        "calls": [{"connection": LONG[:60], "method": "GET", "path": f"/{LONG}", "fault": "timeout"}],
        "log": [LONG, "نور"],
        "given": {"user": {"id": "long", LONG: LONG}},
    },
    {"outcome": "too much output", "shown_as": "fallback", "message": {"text": "نور الهاشمي"}, "user": "rtl"},
    {"user": LONG, "session": LONG[:120], "message": None, "shown_as": "hidden"},
)


@pytest.fixture
def filled(database):
    """Records as they look after a while, hostile names among them; gives the addresses of all pages, by who sees them."""
    with database.session() as db:
        demo = implementations.find(db, "demo")
        for _, first, last in HOSTILE:
            grants.add(db, demo, kind="attribute", name=first, value=last, role="scanner", by=last)
            detail = {first: [last, first], "list": [1, 2, 3]}
            audit.append(
                db, actor=first, action="grant.added", target=last, implementation="demo", reason=first, detail=detail
            )
        users.disable(db, users.find(db, demo, "long"), "W" * 300)
        retirement.archive(db, implementations.find(db, "other"), AuditContext("tests"))
        runs.record_many(db, [replace(RUN, id=f"{n}", **odd) for n, odd in enumerate(ODD_RUNS)])
        at = RUN.started_at
        for number in range(3):
            times = {"starts_at": at, "ends_at": at + timedelta(hours=1)}
            title = f"Sepsis {HOSTILE[number][1]}"
            db.add(AgendaSession(implementation_id=demo.id, session_id=f"CE-{number}", title=title, **times))
        deployments.activate(db, demo, versions.add_version(db, demo, "x", by="tests"), by="tests")
        numbers = {each.subject: each.id for each in users.every(db, demo)}
        grant = grants.every(db, demo)[0].id
    boss = ["/console/", "/console/add", f"{DEMO}/", f"{DEMO}/people", f"{DEMO}/people?q=zz", f"{DEMO}/roles"]
    boss += [f"{DEMO}/people/{numbers[name]}" for name in ("rtl", "long")]
    boss += [f"{DEMO}/roles/{grant}/remove", "/console/audit?check=1", "/console/implementations/hostile/people"]
    boss += [f"{DEMO}/retirement", "/console/implementations/other/retirement", "/console/implementations/other/"]
    boss += [f"{DEMO}/why", f"{DEMO}/why?user=ada&session=sepsis", f"{DEMO}/why?user=long&session=CE-0", f"{DEMO}/runs"]
    boss += [
        f"{DEMO}/why?user=zz&session=zz",
        f"{DEMO}/why?user=rtl",
        f"{DEMO}/runs/1",
        f"{DEMO}/runs?since=noon&user=zz",
    ]
    boss += [f"{DEMO}/runs?reference=x"]
    return {
        "administrator": boss,
        "first administrator": ["/console/"],
        None: ["/console/in?implementation=nope", "/console/in?implementation=hostile"],
    }


def every(open_page, served, filled, **options):
    """Yield each page, open."""
    for name, addresses in filled.items():
        page = open_page(name, **options)
        for address in addresses:
            page.goto(served.config["address"] + address)
            yield address, page


def test_no_page_shuts_anybody_out_in_light_or_dark(open_page, served, filled):
    for address, page in every(open_page, served, filled):
        assert violations(page, *RULES) == [], address
        assert page.locator("h1").count() == 1, address
        page.emulate_media(color_scheme="dark")
        assert violations(page, "color-contrast") == [], address
        page.emulate_media(color_scheme="light")


def test_no_page_scrolls_sideways_on_any_width(open_page, served, filled):
    for address, page in every(open_page, served, filled):
        for width in (320, 480, 899, 901, 1099, 1300):
            page.set_viewport_size({"width": width, "height": 800})
            assert widest(page) <= width, f"{address} at {width}"


def test_a_page_is_reached_and_a_form_corrected_by_keyboard_alone(open_page, served):
    page = open_page("administrator")
    page.goto(served.config["address"] + "/console/add")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")  # the way here
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "called"
    page.keyboard.type("New Congress")
    page.keyboard.press("Tab")
    page.keyboard.type("a b")
    page.keyboard.press("Enter")
    page.wait_for_selector("#problems")
    open_page.complaints.clear()  # Chromium reports the 422 itself
    page.locator("#problems a").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "slug"
    assert page.input_value("#called") == "New Congress"
    page.keyboard.press("Control+A")
    page.keyboard.type("new")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/implementations/new/**")
    assert "New Congress was added" in page.locator("[role=status]").inner_text()


def test_what_the_keyboard_is_on_can_be_seen(open_page, served):
    page = open_page("administrator")
    page.goto(served.config["address"] + f"{DEMO}/roles")
    for _ in range(12):
        page.keyboard.press("Tab")
        style = (
            "(() => { const s = getComputedStyle(document.activeElement); return [s.outlineStyle, s.outlineWidth] })()"
        )
        assert page.evaluate(style) == ["solid", "3px"]


def test_a_form_goes_through_a_second_sign_in_with_what_was_typed(open_page, served, database, store):
    page = open_page("organizer")
    page.goto(served.config["address"] + f"{DEMO}/roles")
    page.fill("#values", "ada@example.org\nnoor@example.org")
    cookie = next(each for each in page.context.cookies() if each["name"] == "login")
    page.context.clear_cookies(name="login")
    page.get_by_role("button", name="Grant this role").click()
    page.get_by_role("heading", name="Sign in first").wait_for()
    assert violations(page, *RULES) == []
    open_page.complaints.clear()  # Chromium reports the 403 itself
    page.context.add_cookies([cookie])  # as the second tab would do
    page.get_by_role("button", name="Send it again").click()
    page.wait_for_url(f"**{DEMO}/roles")
    assert "the username “noor@example.org”" in page.locator("table").inner_text()


def test_signing_out_ends_the_login(open_page, served, store):
    page = open_page("organizer")
    page.goto(served.config["address"] + f"{DEMO}/")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/console/in")
    page.goto(served.config["address"] + f"{DEMO}/")
    assert "/console/in?next=" in page.url


def test_staff_are_offered_only_what_staff_have(browser_for):
    page = browser_for("administrator").get("/console/implementations/staff/").text
    links = set(re.findall(r'href="/console/implementations/staff/([^"?/]*)"', page))
    assert {"provider", "people", "roles", "audit"} <= links
    assert not links & {"external", "agenda", "connections", "app"}
    assert "External Authentication" not in page


def test_the_navigation_leaves_room_on_a_small_phone_and_can_be_closed(open_page, served):
    page = open_page("administrator", width=390)
    page.set_viewport_size({"width": 390, "height": 560})
    page.goto(served.config["address"] + f"{DEMO}/people")
    ways = page.get_by_role("navigation", name="Pages of this implementation")
    page.get_by_role("button", name="Menu").click()
    box = ways.bounding_box()
    assert box["y"] + box["height"] <= 560 - 64
    ways.get_by_role("link", name="Audit").scroll_into_view_if_needed()
    ways.get_by_role("button", name="Close").click()
    expect(ways).not_to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(ways).to_be_visible()
    expect(ways.get_by_role("button", name="Close")).not_to_be_visible()


def test_a_phone_opens_the_navigation_by_a_button_and_a_desk_has_it_beside_the_page(open_page, served):
    page = open_page("organizer", width=390)
    page.goto(served.config["address"] + f"{DEMO}/people")
    ways = page.get_by_role("navigation", name="Pages of this implementation")
    expect(ways).not_to_be_visible()
    page.get_by_role("button", name="Menu").click()
    assert ways.get_by_role("link", name="People").get_attribute("aria-current") == "page"
    ways.get_by_role("link", name="Audit").click()
    page.wait_for_url(f"**{DEMO}/audit")
    page.set_viewport_size({"width": 1280, "height": 800})
    expect(ways).to_be_visible()
    expect(page.get_by_role("button", name="Menu")).not_to_be_visible()
