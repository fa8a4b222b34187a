"""The scanner with a camera, in Chromium: a queue of badges through an outage and a killed browser, and what is loaded and kept."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.codes import clip, picture, scene
from tests.support.door import PAGE
from tests.support.scanner_page import (
    SECRETS,
    ScannerPage,
    code_on,
    kill_browser,
    launch_arguments,
    open_scanner_door,
    rows,
)

pytestmark = pytest.mark.browser

QUEUE = [code_on("10482", "Chen", "Alice"), code_on("20771", "Núñez", "José"), code_on("10482", "Chen", "Alice"), code_on("30001", "Ng", "Li")]  # fmt: skip
#: Pictures of a badge, and of none between two: 0.7 and 2 seconds of the camera.
HELD, GONE = 20, 60
#: All rows of all databases of the page.
DATABASES = """async () => {
  const found = [];
  for (const { name } of await indexedDB.databases()) {
    const opened = indexedDB.open(name);
    await new Promise((done) => { opened.onsuccess = done; });
    for (const store of opened.result.objectStoreNames) {
      const rows = opened.result.transaction(store).objectStore(store).getAll();
      await new Promise((done) => { rows.onsuccess = done; });
      found.push(...rows.result.map((row) => JSON.stringify(row)));
    }
    opened.result.close();
  }
  return found;
}"""
LOADED = "() => performance.getEntries().filter((each) => 'transferSize' in each).map((each) => [each.name, each.transferSize])"


@pytest.fixture(scope="module")
def door(tmp_path_factory, valkey_url):
    with open_scanner_door(tmp_path_factory.mktemp("door"), valkey_url) as door:
        yield door


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """What the camera sees: each badge of the queue for a while, then nothing for longer than a badge counts once."""
    scenes = []
    for number, each in enumerate(QUEUE):
        code = picture(each.encode(), scale=5).rotate(7 * number, expand=True, fillcolor=110)
        scenes += [scene(code)] * HELD + [scene()] * GONE
    return clip(tmp_path_factory.mktemp("film") / "queue.mjpeg", scenes)


@pytest.fixture
def browser(chromium, door, tmp_path):
    """Start a browser with a profile that stays; without a clip its camera shows moving patterns."""
    profile = tmp_path / "profile"

    def start(clip=None, cameras=1):
        size = {"width": 390, "height": 844}
        options = {"base_url": door.address, "viewport": size, **launch_arguments(clip, cameras)}
        context = chromium.browser_type.launch_persistent_context(profile, **options)
        context.profile = profile
        opened.append(context)
        return context

    opened = []
    yield start
    for context in opened:
        context.close()


def test_a_queue_is_scanned_through_an_outage_and_a_killed_browser_and_each_badge_counts_once(browser, door, film):
    first = browser(film)
    first.add_cookies([door.cookie()])
    sent = []
    first.on("request", lambda request: sent.append(request.post_data or ""))
    sam = ScannerPage(first.pages[0])
    sam.forgiven = ("ERR_INTERNET_DISCONNECTED",)
    sam.shows("good", "Alice Chen")
    first.set_offline(True)
    sam.shows("good", "José Núñez")
    sam.shows("repeat", "Already scanned: Alice Chen")
    sam.shows("good", "Li Ng")
    sam.net("Offline.")
    assert sam.complaints == []
    kept = sam.page.evaluate(DATABASES)
    kill_browser(first, first.profile)

    again = browser()
    again.add_cookies([door.cookie()])
    again.on("request", lambda request: sent.append(request.post_data or ""))
    sam = ScannerPage(again.pages[0])
    sam.net("Online. Everything is sent.")
    sam.counts("3 people · 1 repeat · 0 waiting")
    expect(sam.page.locator("#recent")).to_contain_text("repeat")
    scans = rows(door)
    assert [each[2:] for each in scans] == [
        ("10482", "", "camera", "Chen"), ("20771", "", "camera", "Núñez"), ("10482", "", "camera", "Chen"), ("30001", "", "camera", "Ng"),
    ]  # fmt: skip
    kept += sam.page.evaluate(DATABASES)
    batches = [json.loads(each) for each in sent if each]
    members = {name for each in batches for scan in each["scans"] for name in scan}
    assert members == {"id", "session", "badge_id", "last_name", "first_name", "scanned_at", "direction", "entry"}
    nothing_else_is_anywhere(door, again, [*sent, *kept])


def nothing_else_is_anywhere(door, context, texts):
    """The other members of a badge are in no request, no row of the phone, no file of its profile, and not in the database."""
    assert any("Chen" in each for each in texts)
    context.close()
    files = [each for each in context.profile.rglob("*") if each.is_file()]
    files += [Path(door.database.engine.url.database), Path(f"{door.database.engine.url.database}-wal")]
    contents = [each.read_bytes() for each in files if each.exists()]
    assert any(b"Chen" in each for each in contents)
    for secret in SECRETS:
        assert not any(secret in each for each in texts)
        assert not any(secret.encode() in each or secret.encode("utf-16-le") in each for each in contents)


def test_a_badge_that_is_held_in_view_counts_once(browser, door, tmp_path):
    held = clip(tmp_path / "held.mjpeg", [scene(picture(code_on("50005", "Held", "Long").encode()))] * 30)
    context = browser(held)
    context.add_cookies([door.cookie()])
    sam = ScannerPage(context.pages[0])
    sam.shows("good", "Long Held")
    # More than a second of pictures later, and three times as many as it takes to look at one in all ways.
    looked_at = "() => new Promise((done) => { let left = 90; const next = () => (left -= 1) ? video.requestVideoFrameCallback(next) : done(); next(); })"
    sam.page.evaluate(looked_at)
    sam.counts("1 person · 0 repeats · 0 waiting")


def test_the_camera_is_off_while_the_page_is_hidden_and_is_opened_again(browser, door):
    context = browser()
    context.add_cookies([door.cookie()])
    sam = ScannerPage(context.pages[0])
    picture = sam.page.locator("#picture")
    expect(picture).to_have_attribute("data-camera", "live")
    expect(sam.page.locator("#torch"), "this camera has no light").not_to_be_visible()
    hide = "(hidden) => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true }); document.dispatchEvent(new Event('visibilitychange')); }"
    tracks = "() => video.srcObject?.getVideoTracks().map((each) => each.readyState) ?? []"
    sam.page.evaluate(hide, True)
    expect(picture).to_have_attribute("data-camera", "closed")
    assert sam.page.evaluate(tracks) == []
    sam.page.evaluate(hide, False)
    expect(picture).to_have_attribute("data-camera", "live")
    assert sam.page.evaluate(tracks) == ["live"]
    # Another app takes the camera.
    sam.page.evaluate(
        "() => { const [track] = video.srcObject.getVideoTracks(); track.stop(); track.dispatchEvent(new Event('ended')); }"
    )
    expect(picture).to_have_attribute("data-camera", "live")
    sam.page.wait_for_function(f"() => ({tracks})()[0] === 'live'")
    assert sam.complaints == []


def test_the_choice_of_the_camera_is_remembered_on_this_phone(browser, door):
    context = browser(cameras=2)
    context.add_cookies([door.cookie()])
    sam = ScannerPage(context.pages[0])
    choice = sam.page.get_by_label("Camera", exact=True)
    expect(choice.locator("option")).to_have_count(2)
    used = "() => video.srcObject?.getVideoTracks()[0].label"
    first = sam.page.evaluate(used)
    second = next(each for each in choice.locator("option").all_inner_texts() if each != first)
    choice.select_option(label=second)
    # Chromium gives cameras new ids with each visit, as some phones do.
    for _ in range(2):
        sam.page.wait_for_function(f"(wanted) => ({used})() === wanted", arg=second)
        expect(choice.locator("option:checked")).to_have_text(second)
        sam.page.reload()
    assert sam.complaints == []


def test_light_and_zoom_are_offered_where_the_camera_has_them(browser, door):
    context = browser()
    context.add_cookies([door.cookie()])
    context.add_init_script("""
      window.wishes = [];
      MediaStreamTrack.prototype.getCapabilities = () => ({ torch: true, zoom: { min: 1, max: 4, step: 0.5 }, focusMode: ["continuous"] });
      MediaStreamTrack.prototype.applyConstraints = async (wish) => { wishes.push(...wish.advanced); };
    """)
    sam = ScannerPage(context.pages[0])
    sam.page.get_by_role("button", name="Light").click()
    expect(sam.page.locator("#torch")).to_have_attribute("aria-pressed", "true")
    sam.page.get_by_label("Zoom").fill("2.5")
    sam.page.wait_for_function("() => wishes.length === 3")
    assert sam.page.evaluate("() => wishes") == [{"focusMode": "continuous"}, {"torch": True}, {"zoom": 2.5}]


def test_the_first_load_is_small_and_the_page_comes_back_without_network(browser, door):
    context = browser()
    context.add_cookies([door.cookie()])
    sam = ScannerPage(context.pages[0])
    expect(sam.page.locator("#picture")).to_have_attribute("data-camera", "live")
    sam.net("Online. Everything is sent.")
    sam.page.wait_for_function("() => navigator.serviceWorker.ready.then(({ active }) => active.state === 'activated')")
    sam.page.wait_for_function("() => navigator.serviceWorker.controller !== null")
    loaded = [
        *sam.page.evaluate(LOADED),
        *sam.page.workers[0].evaluate(LOADED),
        *context.service_workers[0].evaluate(LOADED),
    ]
    assert any(re.search(r"/reader-\w+\.wasm$", name) and size > 300_000 for name, size in loaded)
    assert sum(size for _, size in loaded) < 600_000, sorted(loaded, key=lambda each: each[1])
    context.set_offline(True)
    sam.forgiven = ("ERR_INTERNET_DISCONNECTED",)
    sam.page.goto(PAGE)
    expect(sam.page.locator("#picture")).to_have_attribute("data-camera", "live")
    sam.hand_scanner(code_on("60006", "Off", "Line"))
    sam.shows("good", "Line Off")
    sam.net("Offline. 1 scan is kept on this phone and sent later.")
    assert sam.complaints == []
    context.set_offline(False)
    sam.net("Online. Everything is sent.")


def test_a_decoder_that_dies_is_started_again_and_a_camera_that_is_stuck_is_opened_again(browser, door, film):
    context = browser(film)
    context.add_cookies([door.cookie()])
    context.add_init_script("""
      window.workers = [];
      window.Worker = class extends Worker { constructor(...given) { super(...given); workers.push(this); } };
      window.opened = 0;
      const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
      navigator.mediaDevices.getUserMedia = (...given) => { opened += 1; return ask(...given); };
    """)
    sam = ScannerPage(context.pages[0])
    sam.shows("good", "José Núñez")
    sam.page.evaluate("() => workers[0].dispatchEvent(new MessageEvent('message', { data: { failed: true } }))")
    sam.shows("good", "Li Ng")
    assert sam.page.evaluate("() => [workers.length, opened]") == [2, 1]
    sam.page.evaluate("() => video.requestVideoFrameCallback = () => {}")
    sam.page.wait_for_function("() => opened === 2")
    assert sam.complaints == []
