"""`docs/scan-badges.md`, followed step by step in Chromium at the demo: from three badges to the report.

`GUIDE_PICTURES` names a folder for the guide's pictures.
"""

import csv
import os
import re
import signal
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support import ROOT
from tests.support.browser import require_chromium
from tests.support.codes import picture, scene, still
from tests.support.running_up import start_up
from tests.support.scanner_page import launch_arguments

pytestmark = [pytest.mark.browser, pytest.mark.slow]

GUIDE = (ROOT / "docs" / "scan-badges.md").read_text()
PICTURES = os.environ.get("GUIDE_PICTURES")
CODES = "100165^Chen^Mei\n100166^Okafor^Jide\n100168^حدّاد^ليلى\n"
LIST = "Badge ID,Surname,First Name,Registration Type,Dietary needs\n100165,Chen,Mei,Member,\n200001,Berg,Ida,Guest,vegan\n"
SESSION = "Airways in children"


class GuideReader:
    """An organizer who does what the guide says. Everything that they press and open must be named in it."""

    def __init__(self, page, up):
        self.page, self.up, self.pictures = page, up, []

    def named(self, words):
        assert f"**{words}**" in GUIDE, f"the guide does not name {words!r}"
        return re.compile(rf"^{re.escape(words)}\b")

    def press(self, words):
        self.page.get_by_role("main").get_by_role("button", name=self.named(words)).first.click()

    def open(self, words):
        self.page.get_by_role("link", name=self.named(words)).first.click()

    def open_tab(self, words):
        tabs = self.page.get_by_role("navigation", name="Settings")
        tabs.get_by_role("link", name=self.named(words)).click()

    def sees(self, text):
        expect(self.page.get_by_text(text).first).to_be_visible()

    def picture(self, name, page=None):
        self.pictures.append(f"pictures/scan-{name}.png")
        if PICTURES:
            page = page or self.page
            page.evaluate("document.activeElement && document.activeElement.blur()")
            page.screenshot(path=Path(PICTURES) / f"scan-{name}.png")


@pytest.fixture(scope="module")
def up(tmp_path_factory):
    require_chromium()
    ports = (8000, 8001, 8002) if PICTURES else None
    started = start_up(tmp_path_factory.mktemp("door") / "data", ports=ports)
    assert "is running" in started.output(), started.output()
    yield started
    assert started.stop(signal.SIGTERM) == 0
    assert started.gone()


@pytest.fixture
def phones(chromium, tmp_path):
    """A browser whose camera sees the badge of Mei Chen."""
    badge = scene(picture(CODES.splitlines()[0].encode(), scale=5))
    phones = chromium.browser_type.launch(**launch_arguments(still(tmp_path / "badge.y4m", badge)))
    yield phones
    phones.close()


@pytest.fixture
def reader(chromium, up):
    context = chromium.new_context(viewport={"width": 1120, "height": 720})
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(f"{up.service}/console/implementations/demo/")
    page.get_by_label("ID of the conference").fill("demo")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="Go to the login of this conference").click()
    page.get_by_role("button", name="Log in as Noor van Dijk").click()
    page.get_by_role("link", name="Settings").first.wait_for()
    yield GuideReader(page, up)
    context.close()


def test_the_guide_leads_from_three_badges_to_the_report(reader, phones, cli, tmp_path):
    teach_badges(reader)
    bring_list(reader)
    see_attendance(reader)
    phone = pair_phone(reader, phones)
    scan_at_the_door(reader, phone)
    look_at_attendance(reader)
    make_report(reader, tmp_path)
    make_report_by_command(reader, cli, tmp_path)
    assert reader.pictures == re.findall(r"\((pictures/scan-[a-z]+\.png)\)", GUIDE)


def teach_badges(reader):
    reader.open("Settings")
    reader.open_tab("Badges")
    reader.page.get_by_label("Text of codes").fill(CODES)
    reader.press("Add codes")
    reader.sees("3 examples added.")
    reader.page.get_by_label(re.compile("^Badge ID “100165”")).first.check()
    reader.press("Use this one")
    for _ in range(2):
        reader.press("Yes, right")
        reader.sees("Confirmed.")
    reader.page.get_by_role("heading", name="Examples").evaluate("each => each.scrollIntoView()")
    reader.picture("format")
    reader.press("Let scanners use this format")
    reader.sees("Scanners use the format from now on.")
    reader.open("Print a test badge")
    reader.sees("TEST-BADGE-DEMO")
    reader.page.go_back()


def bring_list(reader):
    reader.open_tab("Attendee list")
    file = {"name": "attendees.csv", "mimeType": "text/csv", "buffer": LIST.encode()}
    reader.page.get_by_label("List of attendees").set_input_files(file)
    reader.press("Upload and check")
    reader.sees("2 in the file: 2 to add")
    reader.picture("list")
    reader.press("Import")
    reader.sees("The list is imported: 2 added")


def see_attendance(reader):
    reader.open_tab("Attendance")
    expect(reader.page.get_by_label("Text of the scan button")).to_have_value("Scan badges")
    reader.page.get_by_label(reader.named("People can look at their own attendance")).check()


def pair_phone(reader, phones):
    reader.open_tab("Devices")
    reader.page.get_by_label("Name", exact=True).fill("Hall C left")
    reader.press("Show the code")
    code = reader.page.locator(".pairing-code").inner_text()
    reader.picture("device")
    phone = phones.new_context(viewport={"width": 390, "height": 720}, has_touch=True).new_page()
    phone.set_default_timeout(15_000)
    phone.goto(f"{reader.up.service}/pair#{code}")
    phone.get_by_role("heading", name="Make this phone a scanner").wait_for()
    reader.picture("phone", phone)
    phone.get_by_role("button", name=reader.named("Pair this phone")).click()
    phone.get_by_role("heading", name="Scan badges").wait_for()
    return phone


def scan_at_the_door(reader, phone):
    phone.get_by_role("link", name=SESSION).click()
    expect(phone.locator("#result")).to_contain_text("Mei Chen", timeout=15_000)
    phone.get_by_role("button", name=reader.named("Undo")).wait_for()
    reader.picture("door", phone)
    phone.get_by_label("In", exact=True).check()
    phone.get_by_label("Badge", exact=True).fill("TEST-BADGE-DEMO")
    phone.keyboard.press("Enter")
    expect(phone.locator("#result")).to_contain_text("The test badge works")
    phone.get_by_label("Badge", exact=True).fill("200001")
    phone.keyboard.press("Enter")
    expect(phone.locator("#result")).to_contain_text("200001")
    phone.get_by_text("This phone: 2 people · 0 repeats · 0 waiting").wait_for()
    phone.context.close()
    reader.page.reload()
    reader.sees("2, the last arrived")
    reader.open("Revoke")
    reader.sees("Scans that it made before count")


def look_at_attendance(reader):
    reader.open("Attendance")
    row = reader.page.get_by_role("row", name=re.compile(SESSION))
    expect(row).to_contain_text("1")
    reader.picture("live")
    reader.open("To decide")
    reader.sees("Nothing waits for a decision")


def make_report(reader, tmp_path):
    reader.open("Reports")
    reader.press("Make the report")
    reader.page.get_by_role("link", name="Download for Excel").wait_for()
    reader.picture("report")
    with reader.page.expect_download() as download:
        reader.open("Download as CSV")
    download.value.save_as(tmp_path / "page.csv")
    check_rows(tmp_path / "page.csv")
    reader.open("upload it here")
    reader.page.get_by_label("File of a report").set_input_files(tmp_path / "page.csv")
    reader.page.get_by_role("button", name="Check the file").click()
    reader.sees("The file is unchanged, and the scans say the same.")


def make_report_by_command(reader, cli, tmp_path):
    (command,) = re.findall(r"\$ session-status (report scans .*)", GUIDE)
    file = tmp_path / "scans.csv"
    done = cli(
        *command.replace("scans.csv", str(file)).split(), env={"SESSION_STATUS_DATA_FOLDER": str(reader.up.folder)}
    )
    assert done.exit_code == 0, done.stderr
    check_rows(file)


def check_rows(file):
    rows = list(csv.reader(file.read_text("utf-8-sig").splitlines()))
    assert ["CE-103", "200001", "Berg", "Ida"] in rows
    assert not [row for row in rows if row[1].startswith("TEST-BADGE")]
