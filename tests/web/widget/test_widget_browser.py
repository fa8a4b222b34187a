"""The widget in Chromium: every state is accessible in light and dark, and the module keeps it right."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from runner.status.status_body import Action, ShownMessage
from tests.support.looks import look_at
from tests.support.people import visitor
from tests.support.stub_status_service import CLAIM, CLAIMED, HIDDEN, UNAVAILABLE, WIDGET, checking, ready
from web import demo

pytestmark = pytest.mark.browser

DEMO = Path(demo.__file__).parent / "static"

LONG = ShownMessage(
    "Anmeldung zur Donaudampfschifffahrtsgesellschaftskapitänsfortbildungsveranstaltung bestätigen",
    "#b20000",
    Action("link", "https://cme.example.org/"),
)
RIGHT_TO_LEFT = ShownMessage("المطالبة بـ 1.0 وحدة معتمدة", "#005d8a", Action("link", "https://cme.example.org/"))
GREY = ShownMessage("Registration opens on Monday", "#585858")
ODD = ShownMessage("Watch live", "#5b2a86", Action("link", "https://cme.example.org/"))
OLD = datetime.now(UTC) - timedelta(minutes=12)
STATES = {
    "button": ready(CLAIM),
    "text": ready(CLAIMED),
    "grey text": ready(GREY),
    "odd colour": ready(ODD),
    "no colour": ready(ShownMessage("Credit claimed")),
    "old button": ready(CLAIM, stale=True, as_of=OLD),
    "old right-to-left button": ready(RIGHT_TO_LEFT, stale=True, as_of=OLD),
    "long words": ready(LONG, stale=True, as_of=OLD),
    "checking": checking(CLAIM, refresh_after=60),
    "checking for the first time": checking(refresh_after=60),
    "unavailable": UNAVAILABLE,
}


def scrolls_sideways(page):
    return page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth")


def test_every_state_is_accessible(open_page, site):
    page = open_page()
    for name, status in STATES.items():
        site.status_service.status = status
        page.goto(site.address + WIDGET)
        look_at(page)
        for box in page.locator("a, button").all():
            if box.is_visible():
                assert box.bounding_box()["height"] >= 44, name
    page.context.clear_cookies()
    page.goto(site.address + WIDGET)
    expect(page.get_by_role("link", name="Log in for session status info")).to_be_visible()
    look_at(page)


def test_the_pages_beside_it_are_accessible(open_page, site):
    page = open_page()
    for path in ("/login/demo?next=/widget/demo/sessions/CE-1", "/login/empty"):
        page.goto(site.address + path)
        look_at(page)
        page.set_viewport_size({"width": 320, "height": 600})
        assert not scrolls_sideways(page), path
    page.goto(f"{site.address}/r/forged")
    look_at(page)
    page.complaints.clear()  # Chromium reports the 400 of the page itself


def test_nothing_scrolls_sideways_on_a_narrow_phone_with_large_text(open_page, site):
    page = open_page(viewport={"width": 320, "height": 400})
    for name, status in STATES.items():
        site.status_service.status = status
        page.goto(site.address + WIDGET)
        assert not scrolls_sideways(page), name
        page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        assert not scrolls_sideways(page), name


def test_a_hidden_status_takes_no_room(open_page, site):
    site.status_service.status = HIDDEN
    page = open_page()
    page.goto(site.address + WIDGET)
    assert page.evaluate("() => document.body.offsetHeight") == 0
    expect(page.locator("main")).to_have_text(re.compile(r"^\s*Session status\s*Check again\s*$"))
    expect(page.locator("#row")).to_be_hidden()


FRAMED = (
    "<!doctype html><html lang=en><title>App</title><link rel=icon href=data:,><style>body { margin: 0 } "
    f"{(DEMO / 'demo.css').read_text()}</style><iframe class=widget title=Status src={WIDGET}></iframe>"
    f"<p>After it</p><script>{(DEMO / 'demo.js').read_text()}</script>"
)


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_page_that_frames_it_as_the_demo_does_shows_it_whole_and_gives_a_hidden_one_no_room(open_page, site, width):
    site.status_service.status = UNAVAILABLE
    page = open_page(viewport={"width": width, "height": 600})
    page.route(f"{site.address}/frame", lambda route: route.fulfill(body=FRAMED, content_type="text/html"))
    page.goto(f"{site.address}/frame")
    frame = page.frame_locator("iframe")
    height = "() => document.querySelector('iframe').offsetHeight"
    whole = """() => {
        const frame = document.querySelector("iframe");
        const left = frame.offsetHeight - frame.contentDocument.body.getBoundingClientRect().height;
        return left >= 0 && left < 1;
    }"""
    expect(frame.get_by_role("button", name="Check again")).to_be_visible()
    page.wait_for_function(whole)
    for status, after in ((HIDDEN, "=== 0"), (STATES["long words"], "> 50"), (ready(CLAIM), "=== 54")):
        site.status_service.status = status
        page.frames[1].evaluate("() => dispatchEvent(new Event('online'))")
        page.wait_for_function(f"({height})() {after} && ({whole})()")
    site.status_service.status = HIDDEN
    page.frames[1].evaluate("() => dispatchEvent(new Event('online'))")
    page.wait_for_function(f"({height})() === 0")
    assert page.get_by_text("After it").bounding_box()["y"] == 0


def test_a_tap_goes_out_and_coming_back_checks_and_shows_the_new_message(open_page, site, vendor_site):
    site.status_service.status = ready(ShownMessage("Claim 1.0 CE credit", "#9b3900", Action("link", vendor_site)))
    site.status_service.after_return = checking(CLAIM, refresh_after=1)
    page = open_page()
    page.goto(site.address + WIDGET)
    height = page.locator("#row").bounding_box()["height"]
    page.get_by_role("link", name="Claim 1.0 CE credit").click()
    page.wait_for_url(f"{vendor_site}/")
    page.go_back()
    expect(page.get_by_text("Checking…")).to_be_visible()
    expect(page.get_by_text("Last shown: Claim 1.0 CE credit")).to_be_visible()
    expect(page.get_by_role("link")).to_have_count(0)
    assert page.locator("#row").bounding_box()["height"] == height
    assert len(site.status_service.came_back) == 1
    site.status_service.status = ready(CLAIMED, run="01NEW")
    expect(page.get_by_text("Credit claimed")).to_be_visible()
    color = page.get_by_text("Credit claimed").evaluate("(element) => getComputedStyle(element).color")
    assert color == "rgb(0, 97, 9)"
    assert len(site.status_service.came_back) == 1


def test_after_the_signed_way_back_the_return_is_not_reported_twice(open_page, site, vendor_site):
    site.status_service.status = ready(ShownMessage("Claim", None, Action("link", vendor_site)))
    site.status_service.after_return = checking(CLAIM, refresh_after=60)
    page = open_page()
    page.goto(site.address + WIDGET)
    page.get_by_role("link", name="Claim").click()
    page.wait_for_url(f"{vendor_site}/")
    page.goto(f"{site.address}/r/{site.status_service.tokens.make('demo', 'ada', 'CE-1')}")
    page.wait_for_url(site.address + WIDGET)
    expect(page.get_by_text("Checking…")).to_be_visible()
    page.wait_for_timeout(300)
    assert len(site.status_service.came_back) == 1


def test_a_page_shown_again_asks_again(open_page, site):
    page = open_page()
    page.goto(site.address + WIDGET)
    expect(page.get_by_text("Credit claimed")).to_be_visible()
    site.status_service.status = ready(CLAIM, run="01NEW")
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_role("link", name="Claim 1.0 CE credit")).to_be_visible()
    assert site.status_service.came_back == []


def test_a_checking_page_polls_as_the_server_says(open_page, site):
    site.status_service.status = checking(refresh_after=1)
    page = open_page()
    page.goto(site.address + WIDGET)
    site.status_service.status = ready(CLAIM)
    expect(page.get_by_role("link", name="Claim 1.0 CE credit")).to_be_visible()
    assert len(site.status_service.asked) == 2


def test_check_again_does_so_in_place(open_page, site):
    site.status_service.status = UNAVAILABLE
    site.status_service.after_return = ready(CLAIMED)
    page = open_page()
    page.goto(site.address + WIDGET)
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text("Credit claimed")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)


def test_without_internet_there_is_no_widget_and_with_it_there_is(open_page, site):
    page = open_page()
    page.goto(site.address + WIDGET, wait_until="networkidle")
    page.context.set_offline(True)
    expect(page.get_by_text("Credit claimed")).to_be_hidden()
    assert page.evaluate("() => document.body.offsetHeight") == 0
    page.context.set_offline(False)
    expect(page.get_by_text("Credit claimed")).to_be_visible()
    page.complaints.clear()  # Chromium reports the request that failed


def test_a_browser_that_wrongly_says_it_is_offline_keeps_the_widget(open_page, site):
    page = open_page()
    page.add_init_script("Object.defineProperty(Navigator.prototype, 'onLine', { get: () => false })")
    page.goto(site.address + WIDGET, wait_until="networkidle")
    for event in ("offline", "online"):
        site.status_service.status = ready(ShownMessage(f"Asked after {event}"))
        page.evaluate(f"() => dispatchEvent(new Event('{event}'))")
        expect(page.get_by_text(f"Asked after {event}")).to_be_visible()


def test_a_return_which_could_not_be_told_is_told_when_the_server_is_back(open_page, site):
    site.status_service.status = ready(ShownMessage("Claim", None, Action("link", site.address + "/healthz")))
    page = open_page()
    page.goto(site.address + WIDGET)
    page.get_by_role("link", name="Claim").click()
    page.wait_for_url("**/healthz")
    site.status_service.after_return = ready(CLAIMED)
    refused = []

    def refuse_first(route):
        if route.request.method == "POST" and not refused:
            refused.append(route)
            return route.fulfill(status=503, body="away")
        return route.continue_()

    page.route("**/widget/**", refuse_first)
    page.go_back()
    expect(page.get_by_text("Checking…")).to_be_visible()
    expect(page.get_by_text("Credit claimed")).to_be_visible()
    assert (len(refused), len(site.status_service.came_back)) == (1, 1)
    page.complaints.clear()  # Chromium reports the 503


def test_a_wifi_sign_in_page_in_place_of_ours_is_no_status(open_page, site):
    page = open_page()
    page.goto(site.address + WIDGET)
    page.route("**/widget/demo/**", lambda route: route.fulfill(body="<h1>Welcome to Hotel Wi-Fi</h1>"))
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("Credit claimed")).to_be_hidden()
    assert "Hotel" not in page.content()


def test_the_keyboard_keeps_its_place_through_a_check(open_page, site):
    site.status_service.status = ready(ShownMessage("Claim", None, Action("link", f"{site.address}/healthz")))
    page = open_page()
    page.goto(site.address + WIDGET)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Claim")).to_be_focused()
    ring = page.get_by_role("link").evaluate(
        "(e) => [getComputedStyle(e).outlineWidth, getComputedStyle(e).outlineStyle]"
    )
    assert ring == ["3px", "solid"]
    site.status_service.status = checking(CLAIM, refresh_after=1)
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#text")).to_be_focused()
    site.status_service.status = ready(CLAIM)
    expect(page.get_by_role("link", name="Claim 1.0 CE credit")).to_be_focused()


def test_a_screen_reader_hears_a_change_once_and_nothing_when_nothing_changed(open_page, site):
    page = open_page()
    page.goto(site.address + WIDGET)
    page.evaluate(
        """() => {
            globalThis.heard = [];
            const status = document.querySelector("[role=status]");
            new MutationObserver((all) => heard.push(...all.map((one) => one.attributeName ?? one.type)))
              .observe(status, { subtree: true, childList: true, characterData: true, attributes: true });
        }"""
    )
    for _ in range(2):
        with page.expect_response("**/widget/**"):
            page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_timeout(100)
    assert page.evaluate("() => heard") == []
    site.status_service.status = ready(GREY)
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("Registration opens on Monday")).to_be_visible()
    assert page.evaluate("() => heard") == ["childList"]


def test_without_script_the_widget_works(open_page, site):
    page = open_page(java_script_enabled=False)
    site.status_service.status = ready(CLAIM)
    page.goto(site.address + WIDGET)
    expect(page.get_by_role("link", name="Claim 1.0 CE credit")).to_be_visible()
    site.status_service.after_return = ready(CLAIMED)
    page.get_by_role("button", name="Check again").click()
    expect(page.get_by_text("Credit claimed")).to_be_visible()
    assert len(site.status_service.came_back) == 1


def test_without_storage_coming_back_is_noticed_as_long_as_the_page_lives(open_page, site):
    page = open_page()
    page.add_init_script(
        "Object.defineProperty(globalThis, 'sessionStorage', { get() { throw new Error('blocked') } })"
    )
    site.status_service.status = ready(CLAIM)
    page.goto(site.address + WIDGET)
    page.evaluate("() => document.addEventListener('click', (event) => event.preventDefault())")
    page.get_by_role("link").click()
    site.status_service.after_return = ready(CLAIMED)
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.get_by_text("Credit claimed")).to_be_visible()
    assert len(site.status_service.came_back) == 1


def test_logging_in_leads_back_to_the_session(open_page, site):
    page = open_page(logged_in=False)
    page.goto(site.address + WIDGET)
    page.get_by_role("link", name="Log in for session status info").click()
    page.wait_for_url(f"{site.address}/login/demo?next=/app/demo/sessions/CE-1")
    # What a way in does in the end (tests/web/auth has the ways in): the cookie, and on to `next`.
    token = site.app.extensions["status services"].logins.sign(visitor())
    page.context.add_cookies([{"name": "login", "value": token, "url": site.address}])
    page.goto(f"{site.address}/app/demo/sessions/CE-1")
    page.wait_for_url(site.address + WIDGET)
    expect(page.get_by_text("Credit claimed")).to_be_visible()
    assert site.status_service.asked[-1][0].user == "ada"
