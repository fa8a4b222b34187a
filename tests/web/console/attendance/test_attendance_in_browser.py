"""The pages about attendance in Chromium: phone and desktop, light and dark, with every empty state."""

from urllib.parse import quote

import pytest

from tests.web.console.attendance.conftest import ATTENDANCE, PEOPLE, looked_at

pytestmark = pytest.mark.browser


def test_every_page_of_an_event_with_scans(page_as, served, scanned):
    page = page_as("organizer")
    home = f"{served.config['address']}{ATTENDANCE}"
    page.goto(home)
    looked_at(page, "event")
    page.get_by_role("link", name="Sepsis in 2026").click()
    looked_at(page, "session")
    page.get_by_text("The numbers of both charts").click()
    looked_at(page, "session-numbers")
    page.goto(f"{home}/sessions/over")
    looked_at(page, "session-over")
    page.get_by_role("link", name="People", exact=True).last.click()
    looked_at(page, "people")
    for number, badge in enumerate(PEOPLE):
        page.goto(f"{home}/person?badge={quote(badge)}")
        looked_at(page, f"person-{number}")
    page.get_by_role("link", name="Make a report of this person").click()
    looked_at(page, "report-form")
    page.get_by_role("button", name="Make the report").click()
    page.wait_for_url("**/reports/*")
    looked_at(page, "report")
    page.get_by_role("link", name="Page to print").click()
    looked_at(page, "report-print")
    page.goto(f"{home}/reports/check")
    page.get_by_label("File of a report").set_input_files({"name": "a.csv", "mimeType": "text/csv", "buffer": b"a,b"})
    page.get_by_role("button", name="Check the file").click()
    looked_at(page, "report-check")
    page.goto(f"{home}/reports?kind=sessions")
    looked_at(page, "report-sessions-form")
    page.get_by_role("button", name="Make the report").click()
    page.wait_for_url("**/reports/*")
    looked_at(page, "report-sessions")
    page.goto(f"{home}/reports")
    page.get_by_label("As it was known at").fill("tomorrow")
    page.get_by_role("button", name="Make the report").click()
    looked_at(page, "report-fault")


def test_every_page_without_scans(page_as, served, database):
    page = page_as("organizer")
    home = f"{served.config['address']}{ATTENDANCE}"
    for name in ("", "/people", "/person", "/person?badge=x", "/reports"):
        page.goto(home + name)
        looked_at(page, f"empty{name.replace('/', '-').replace('?badge=', '-')}")
