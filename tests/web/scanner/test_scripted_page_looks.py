"""The scanner page with script as people see it: phone and desk, lying on its side, light and dark, with text twice as large."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.codes import picture, scene, still
from tests.support.looks import SCHEMES, look_at
from tests.support.scanner_page import ScannerPage, code_on, launch_arguments, open_scanner_door

pytestmark = pytest.mark.browser

#: A folder in which to keep a picture of each state, for people to look at.
PICTURES = os.environ.get("SCANNER_PICTURES")
#: Width, height, schemes and size of text (percent).
LOOKS = {
    "phone": (390, 844, SCHEMES, 100),
    "side": (844, 390, ("light",), 100),
    "wide": (1280, 900, SCHEMES, 100),
    "phone-200": (390, 844, ("light",), 200),
    "side-200": (844, 390, ("dark",), 200),
}
LONG = code_on("90009", "Donaudampfschifffahrtsgesellschaft", "Maximiliana-Friederike")
#: Targets that a thumb may miss.
SMALL = """() => [...document.querySelectorAll("button, select, summary, .button, input:not([type=hidden]):not(.unseen):not([type=radio]):not([type=range])")]
  .filter((each) => each.checkVisibility() && (each.getBoundingClientRect().height < 44 || each.getBoundingClientRect().width < 44))
  .map((each) => each.outerHTML)"""


@pytest.fixture(scope="module")
def door(tmp_path_factory, valkey_url):
    with open_scanner_door(tmp_path_factory.mktemp("door"), valkey_url) as door:
        yield door


@pytest.fixture(scope="module")
def browser(chromium, tmp_path_factory):
    """A browser whose camera sees one badge, and goes on seeing it."""
    badge = scene(picture(code_on("20771", "Núñez", "José").encode(), scale=5))
    film = still(tmp_path_factory.mktemp("film") / "one.y4m", badge)
    browser = chromium.browser_type.launch(**launch_arguments(film))
    yield browser
    browser.close()


@pytest.fixture(params=LOOKS)
def sam(request, browser, door):
    width, height, schemes, text = LOOKS[request.param]
    context = browser.new_context(
        base_url=door.address,
        viewport={"width": width, "height": height},
        color_scheme=schemes[0],
        reduced_motion="reduce",
    )
    context.add_cookies([door.cookie()])
    sam = ScannerPage(context.new_page())
    sam.page.evaluate("(percent) => { document.documentElement.style.fontSize = `${percent}%`; }", text)
    sam.look, sam.schemes = request.param, schemes
    yield sam
    context.close()
    assert sam.complaints == []


def looked_at(sam, name):
    assert sam.page.evaluate(SMALL) == []
    look_at(sam.page, PICTURES and Path(PICTURES) / f"{name}-{sam.look}", schemes=sam.schemes)


def test_every_state_can_be_read_and_used(sam):
    sam.shows("good", "José Núñez")
    sam.counts("1 person · 0 repeats · 0 waiting")
    looked_at(sam, "1-scanned")
    sam.hand_scanner(LONG)
    sam.shows("good", "Maximiliana-Friederike")
    sam.hand_scanner(LONG)
    sam.shows("repeat", "Already scanned")
    sam.page.get_by_text("Find a person without a badge").click()
    sam.page.get_by_label("Name or badge ID").fill("noor")
    sam.page.get_by_role("button", name="Find", exact=True).click()
    expect(sam.page.locator("#found-words")).to_have_text("1 person found.")
    sam.page.get_by_text("If a badge is not read").click()
    looked_at(sam, "2-repeat")
    sam.page.get_by_role("button", name="Next in this room").click()
    sam.page.get_by_label("Out").check()
    sam.page.locator("#badge").fill("https://evil.example/")
    sam.page.locator("#badge").press("Enter")
    sam.shows("bad", "Not a badge of this event")
    sam.page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }"
    )
    sam.page.evaluate(
        "() => { const [track] = video.srcObject.getVideoTracks(); track.stop(); track.dispatchEvent(new Event('ended')); }"
    )
    expect(sam.page.locator("#camera-state")).to_contain_text("This page may not use the camera.")
    looked_at(sam, "3-refused")


@pytest.mark.parametrize("sam", ["phone", "phone-200", "wide"], indirect=True)
def test_a_long_name_is_on_the_first_screen(sam):
    sam.page.evaluate(
        "() => video.srcObject?.getTracks().forEach((track) => track.stop())"
    )  # no badge in view meanwhile
    sam.hand_scanner(code_on("20505", "van der Meer-Hohenstein", "Wilhelmina"))
    sam.shows("good", "Wilhelmina")
    sam.page.evaluate("() => scrollTo(0, 0)")
    name = sam.page.locator("#result strong").bounding_box()
    assert name["y"] + name["height"] <= sam.page.viewport_size["height"]


@pytest.mark.parametrize("sam", ["phone", "wide"], indirect=True)
def test_the_head_stays_on_top_while_the_page_is_scrolled(sam):
    sam.page.evaluate("() => scrollTo(0, document.body.scrollHeight)")
    title = sam.page.locator("#title").bounding_box()
    assert title["y"] >= 0
