"""The scanner page with script, without a camera: hand scanners, states in words, undo, the next session, people without a badge."""

import json
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from records.attendance.roster import roster_imports
from records.audit import AuditContext
from records.changes.attendance import rosters
from records.tenants import implementations
from tests.support.codes import jpeg, picture, scene
from tests.support.door import PAGE
from tests.support.scanner_page import ScannerPage, code_on, open_scanner_door, rows

pytestmark = pytest.mark.browser

#: As in the web view of an app.
NO_SERVICE_WORKERS = "Object.defineProperty(Navigator.prototype, 'serviceWorker', { value: undefined })"
ALICE = code_on("10482", "Chen", "Alice")


@pytest.fixture(scope="module")
def opened(tmp_path_factory, valkey_url):
    with open_scanner_door(tmp_path_factory.mktemp("door"), valkey_url) as door:
        yield door


@pytest.fixture
def door(opened):
    """The door of the module, and what this test adds to its ledger."""
    before = len(rows(opened))
    opened.added = lambda: rows(opened)[before:]
    return opened


@pytest.fixture
def scanner(chromium, door):
    """Open the page on a new phone; at the end, its console must have no complaint but those that a test expects."""
    opened = []

    def make(prepare=lambda _: None, **options):
        context = chromium.new_context(base_url=door.address, **options)
        context.add_init_script(NO_SERVICE_WORKERS)
        context.add_cookies([door.cookie()])
        prepare(context)
        opened.append((context, ScannerPage(context.new_page())))
        return opened[-1][1]

    yield make
    for context, scanner in opened:
        context.unroute_all(behavior="ignoreErrors")
        context.close()
        assert scanner.complaints == []


def test_a_hand_scanner_is_heard_wherever_the_focus_is_and_presses_nothing(scanner, door):
    sam = scanner()
    sam.page.locator("#badge").blur()
    sam.hand_scanner(ALICE)
    sam.shows("good", "Alice Chen")
    sam.page.get_by_role("button", name="Undo: Alice Chen").focus()
    sam.hand_scanner(code_on("20771", "De la Rosa", "Eva"))
    sam.shows("good", "Eva De la Rosa")
    sam.page.get_by_text("Find a person without a badge").click()
    sam.page.get_by_label("Name or badge ID").fill("half typed")
    sam.fast_hand_scanner("30001")
    sam.shows("good", "30001")
    assert sam.page.get_by_label("Name or badge ID").input_value() == "half typed"
    sam.page.get_by_role("button", name="Hide names").focus()
    sam.page.keyboard.type(ALICE)
    sam.page.keyboard.press("Tab")
    sam.shows("repeat", "Already scanned: Alice Chen")
    assert sam.page.locator("#hide-names").get_attribute("aria-pressed") == "false"
    sam.counts("3 people · 1 repeat · 0 waiting")
    assert [each[2:] for each in door.added()] == [
        ("10482", "", "wedge", "Chen"), ("20771", "", "wedge", "De la Rosa"), ("30001", "", "wedge", ""), ("10482", "", "wedge", "Chen"),
    ]  # fmt: skip


def test_an_id_is_typed_by_hand_and_what_is_no_badge_is_said_and_not_kept(scanner, door):
    sam = scanner()
    field = sam.page.get_by_label("Badge", exact=True)
    field.fill("10482")
    sam.page.get_by_role("button", name="Store").click()
    sam.shows("good", "10482")
    for typed, kind, words in (
        ("https://evil.example/?<b>", "bad", "Not a badge of this event"),
        ("TEST-BADGE-1", "good", "The test badge works. It does not count."),
        (ALICE, "repeat", "Already scanned: Alice Chen"),
    ):
        field.fill(typed)
        field.press("Enter")
        sam.shows(kind, words)
        assert field.input_value() == ""
    sam.counts("1 person · 1 repeat · 0 waiting")
    assert [each[4] for each in door.added()] == ["keyboard", "wedge"]


def test_a_scan_is_undone_by_a_correction_that_the_server_has_too(scanner, door):
    sam = scanner()
    sam.hand_scanner(ALICE)
    sam.counts("1 person · 0 repeats · 0 waiting")
    sam.page.get_by_role("button", name="Undo: Alice Chen").press("Enter")
    sam.shows("none", "Undone: Alice Chen")
    sam.counts("0 people · 0 repeats · 0 waiting")
    expect(sam.page.locator("#recent li")).to_contain_text("undone")
    assert sam.page.locator("#recent button").count() == 0
    assert sam.page.evaluate("() => document.activeElement.id") == "recent"
    assert [each[0] for each in door.added()] == ["scan", "void"]


def test_the_next_session_in_this_room_is_one_tap_away_and_the_page_comes_back_to_it(scanner, door):
    sam = scanner()
    sam.page.evaluate("() => { window.loaded = 'once'; }")
    expect(sam.page.locator("#directions")).not_to_be_visible()
    sam.page.get_by_role("button", name="Next in this room").click()
    expect(sam.page.locator("#title")).to_have_text("Shock")
    sam.page.get_by_label("Out").check()
    sam.hand_scanner(ALICE)
    sam.shows("good", "Out: Alice Chen")
    assert sam.page.evaluate("() => window.loaded") == "once"
    sam.counts("1 person · 0 repeats · 0 waiting")
    sam.page.reload()
    expect(sam.page.locator("#title")).to_have_text("Shock")
    assert sam.page.get_by_label("Out").is_checked()
    sam.page.get_by_role("button", name="Back to").click()
    expect(sam.page.locator("#title")).to_have_text("Sepsis")
    sam.hand_scanner(ALICE)
    sam.shows("good", "Alice Chen")
    sam.counts("1 person · 0 repeats · 0 waiting")
    assert [each[1:4] for each in door.added()] == [("CE-2", "10482", "out"), ("CE-1", "10482", "")]


def test_a_badge_with_an_id_only_is_called_by_the_name_of_the_list(scanner, door):
    with door.database.session() as db:
        listed = roster_imports.read(b"Badge ID,Last Name,First Name\n30077,Okafor,Ngozi\n")
        rosters.import_file(db, implementations.find(db, "demo"), listed, AuditContext("demo/olga"))
    sam = scanner()
    sam.hand_scanner("30077")
    sam.shows("good", "Ngozi Okafor")
    expect(sam.page.locator("#recent")).to_contain_text("Ngozi Okafor")
    sam.page.get_by_role("button", name="Hide names").click()
    expect(sam.page.locator("#scanner")).not_to_contain_text("Okafor")
    sam.page.context.set_offline(True)
    expect(sam.page.locator("#net")).to_contain_text("Offline")
    sam.page.context.set_offline(False)
    expect(sam.page.locator("#net")).to_contain_text("Online")


def test_names_are_hidden_from_those_who_look_over_the_shoulder(scanner):
    sam = scanner()
    sam.hand_scanner(ALICE)
    sam.shows("good", "Alice Chen")
    sam.page.get_by_role("button", name="Hide names").click()
    expect(sam.page.locator("#scanner")).not_to_contain_text("Alice")
    sam.page.reload()
    sam.hand_scanner(code_on("20771", "Roy", "Eva"))
    sam.shows("good", "20771")
    expect(sam.page.locator("#scanner")).not_to_contain_text("Roy")
    assert "Chen" not in sam.page.content()
    sam.counts("2 people · 0 repeats · 0 waiting")


def test_without_network_scans_are_kept_and_the_page_says_so_and_warns_before_it_is_left(scanner, door):
    sam = scanner()
    sam.net("Online. Everything is sent.")
    sam.forgiven = ("ERR_INTERNET_DISCONNECTED",)
    sam.page.context.set_offline(True)
    sam.hand_scanner(ALICE)
    sam.shows("good", "Alice Chen")
    sam.net("Offline. 1 scan is kept on this phone and sent later.")
    expect(sam.page.locator("#net-told")).to_contain_text("Offline.")
    assert sam.page.title() == "(1) Scan badges: Sepsis"
    with sam.page.expect_download() as saved:
        sam.page.get_by_role("button", name="Save waiting scans to a file").click()
    assert [each["badge_id"] for each in json.loads(saved.value.path().read_text())["scans"]] == ["10482"]
    warned = []
    sam.page.once("dialog", lambda dialog: (warned.append(dialog.type), dialog.dismiss()))
    sam.page.close(run_before_unload=True)
    sam.page.wait_for_function("() => true")
    assert warned == ["beforeunload"]
    sam.page.get_by_text("Find a person without a badge").click()
    sam.page.get_by_label("Name or badge ID").fill("noor")
    sam.page.get_by_role("button", name="Find", exact=True).click()
    expect(sam.page.locator("#found-words")).to_have_text("No network. Type the badge ID.")
    sam.page.context.set_offline(False)
    sam.net("Online. Everything is sent.")
    assert len(door.added()) == 1


def test_who_was_signed_out_is_told_that_scans_are_kept_and_signs_in_again(scanner, door):
    sam = scanner()
    sam.net("Online")
    sam.forgiven = ("401 (Unauthorized)",)
    sam.page.context.clear_cookies()
    sam.hand_scanner(ALICE)
    sam.net("Signed out. 1 scan is kept on this phone.")
    sam.net("Keep this page open until everything is sent.")
    assert sam.page.get_by_role("link", name="Sign in again").get_attribute("href") == f"/login/demo?next={PAGE}"
    sam.page.context.add_cookies([door.cookie()])
    sam.page.get_by_role("button", name="Send now").click()
    sam.net("Online. Everything is sent.")
    assert len(door.added()) == 1


def test_a_refused_scan_is_shown_with_its_reason_and_can_be_sent_again(scanner, door):
    answers = ["refused"]

    def answer(route):
        batch = route.request.post_data_json
        if not answers or not batch["scans"]:
            return route.continue_()
        results = [
            {"id": each["id"], "state": answers.pop(), "reason": "outside_window", "first_at": None}
            for each in batch["scans"]
        ]
        body = {"server_time": batch["device_time"], "results": results}
        return route.fulfill(content_type="application/json", body=json.dumps(body))

    sam = scanner(lambda context: context.route("**/scans", answer))
    sam.hand_scanner(ALICE)
    sam.counts("0 people · 0 repeats · 0 waiting · 1 refused")
    expect(sam.page.locator("#recent li")).to_contain_text("refused: It was made outside the window of the device.")
    sam.page.get_by_role("button", name="Send again: Alice Chen").click()
    sam.counts("1 person · 0 repeats · 0 waiting")
    assert len(door.added()) == 1


def test_a_clock_that_is_far_off_is_told(scanner):
    def answer(route):
        response = route.fetch()
        body = response.json()
        body["server_time"] = (
            datetime.fromisoformat(body["server_time"]) + timedelta(minutes=7, seconds=20)
        ).isoformat()
        route.fulfill(response=response, json=body)

    sam = scanner(lambda context: context.route("**/scans", answer))
    sam.hand_scanner(ALICE)
    sam.net("The clock of this phone is 7 min behind. Times are corrected.")
    sam.counts("1 person · 0 repeats · 0 waiting")


def test_a_scan_that_the_phone_cannot_store_is_not_confirmed(scanner, door):
    broken = (
        "() => { IDBObjectStore.prototype.add = () => { throw new DOMException('no room', 'QuotaExceededError'); }; }"
    )
    sam = scanner()
    sam.page.evaluate(broken)
    sam.hand_scanner(ALICE)
    sam.shows("bad", "NOT SAVED")
    sam.counts("0 people · 0 repeats · 0 waiting")
    assert door.added() == []


def test_a_person_without_a_badge_is_found_by_name(scanner, door):
    sam = scanner()
    sam.page.get_by_text("Find a person without a badge").click()
    field = sam.page.get_by_label("Name or badge ID")
    field.fill("no one like this")
    field.press("Enter")
    expect(sam.page.locator("#found-words")).to_have_text("No one with a badge has this name or badge ID.")
    field.fill("noor")
    field.press("Enter")
    expect(sam.page.locator("#found-words")).to_have_text("1 person found.")
    sam.page.get_by_role("button", name="Noor Al Hashimi 40004").click()
    sam.shows("good", "Noor Al Hashimi")
    sam.counts("1 person · 0 repeats · 0 waiting")
    assert [each[2:5] for each in door.added()] == [("40004", "", "search")]


def test_where_the_camera_is_refused_the_page_says_what_to_do_and_takes_a_photo(scanner, door, tmp_path):
    refused = "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
    sam = scanner(lambda context: context.add_init_script(refused))
    expect(sam.page.locator("#camera-state")).to_contain_text(
        "This page may not use the camera. Allow it in the settings"
    )
    photo = tmp_path / "photo.jpg"
    photo.write_bytes(jpeg(scene(picture(ALICE.encode()).rotate(20, expand=True, fillcolor=110), (3000, 2000))))
    sam.page.get_by_label("Take a photo of the badge").set_input_files(photo)
    sam.shows("good", "Alice Chen")
    photo.write_bytes(b"no photo")
    sam.page.get_by_label("Take a photo of the badge").set_input_files(photo)
    sam.shows("bad", "No code in this photo")
    sam.counts("1 person · 0 repeats · 0 waiting")
    sam.page.evaluate("() => { delete navigator.mediaDevices.getUserMedia; }")
    sam.page.get_by_role("button", name="Start the camera").click()
    expect(sam.page.locator("#camera-state")).not_to_contain_text("may not use")


@pytest.mark.parametrize(
    ("name", "words"),
    [("NotFoundError", "No camera is found."), ("NotReadableError", "Another app may be using it."), ("SecurityError", "This page may not use")],
)  # fmt: skip
def test_every_fault_of_a_camera_has_words(scanner, name, words):
    fault = f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', '{name}'))"
    sam = scanner(lambda context: context.add_init_script(fault))
    expect(sam.page.locator("#camera-state")).to_contain_text(words)


def test_a_browser_that_cannot_decode_says_so_and_badges_are_still_typed(scanner):
    script = "postMessage({ failed: true });"

    def answer(route):
        route.fulfill(content_type="text/javascript", body=script)

    sam = scanner(lambda context: context.route("**/worker.js*", answer))
    expect(sam.page.locator("#camera-state")).to_contain_text("This browser cannot read codes.")
    sam.hand_scanner(ALICE)
    sam.shows("good", "Alice Chen")


def test_the_scanner_may_use_the_camera_and_no_other_page_may(scanner, door):
    sam = scanner()
    policies = [sam.page.request.get(path).headers["permissions-policy"] for path in (PAGE, "/")]
    assert ["camera=(self)" in each for each in policies] == [True, False]
    assert "camera=()" in policies[1]
