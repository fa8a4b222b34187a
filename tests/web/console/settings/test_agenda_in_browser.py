"""The agenda pages in Chromium: narrow and wide, light and dark, with faults and with dates that wait for a choice."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.support.looks import SIZES, look_at
from tests.web.console.settings.staff_people import DEMO
from tests.web.console.settings.test_settings_in_browser import LONG, open_page

__all__ = ["open_page"]
pytestmark = pytest.mark.browser

#: A folder in which to keep a picture of each page, for people to look at.
PICTURES = os.environ.get("AGENDA_PICTURES")
HEAD = "ID,Title,Start Time,End Time,Location,Track\n"
GOOD = HEAD + (
    "CE-1,Sepsis in 2026,11/23/2026 10:30 AM,11/23/2026 11:30 AM,Hall 1,Acute\n"
    f"CE-2,{LONG} für Ärzte,11/24/2026 9:00 AM,11/24/2026 10:00 AM,{LONG},Skills\n"
    "CE-3,الجمعية نور,11/24/2026 11:00 AM,11/24/2026 12:00 PM,,\n"
)
OPEN = HEAD + "CE-9,Stroke,03/04/2026 9:00 AM,03/04/2026 10:00 AM,,\n"
BAD = (
    HEAD
    + "".join(f"C-{n},Talk {n},soon,2026-11-24 10:00,,\n" for n in range(300))
    + f"C 1,{LONG},2026-11-24 09:00,{LONG},,\n"
)


@pytest.fixture(params=SIZES)
def page(request, open_page):
    page = open_page(viewport=SIZES[request.param])
    page.look = request.param
    return page


def upload(page, folder, text):
    file = folder / "agenda.csv"
    file.write_bytes(text.encode())
    page.goto(f"{DEMO}/agenda")
    page.get_by_label("Agenda file").set_input_files(file)
    page.get_by_role("button", name="Upload and check").click()
    page.wait_for_selector("text=What was understood")


def looked_at(page, name):
    look_at(page, PICTURES and Path(PICTURES) / f"{name}-{page.look}")


def test_a_file_is_checked_imported_and_undone(page, tmp_path):
    upload(page, tmp_path, GOOD)
    expect(page.get_by_text("month first (7/15/2026), as row 2 shows")).to_be_visible()
    expect(page.get_by_text("Tue 24 Nov 2026, 09:00").first).to_be_visible()
    looked_at(page, "check")
    page.get_by_role("button", name="Import 3 sessions").click()
    page.wait_for_selector("text=2 sessions added, 1 changed")
    looked_at(page, "imported")
    page.get_by_role("link", name="Undo this import").click()
    page.wait_for_selector("text=Undo the last import")
    looked_at(page, "undo")
    page.get_by_role("button", name="Undo the import").click()
    page.wait_for_selector("text=The import is undone")


def test_dates_that_can_be_read_in_two_ways_are_chosen_on_the_page(page, tmp_path):
    upload(page, tmp_path, OPEN)
    expect(page.get_by_text("Friday 3 April 2026, 09:00")).to_be_visible()
    looked_at(page, "choose")
    page.get_by_label("Day first").check()
    page.get_by_role("button", name="Read the file again").click()
    page.wait_for_selector("text=Fri 03 Apr 2026, 09:00")
    page.get_by_label("Retire the sessions that the file does not contain").check()
    looked_at(page, "retire")


def test_faults_of_one_kind_are_one_line_of_a_table(page, tmp_path):
    upload(page, tmp_path, BAD)
    assert page.locator("#faults tbody tr").count() == 3
    looked_at(page, "faults")
