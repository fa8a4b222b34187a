"""An organizer works through what is open about attendance, in Chromium: on a phone in the dark, and at a desk."""

import pytest

from records.attendance.questions import disputes, open_questions
from records.audit import AuditContext
from records.changes.attendance import questions
from records.people import users
from tests.web.console.attendance.decisions.event_records import LONG, refuse, scan
from tests.web.console.scripts.conftest import looked_at

pytestmark = pytest.mark.browser


@pytest.fixture
def busy(event):
    """Give the event a dispute, an impossible order, refused scans, and texts of every kind."""

    def act(db, owner):
        owner.scan_mode_exceptions = ["s2"]
        for number, minutes in ((20, 20), (21, 40)):
            scan(db, owner, number, session_id="s2", minutes=minutes, badge_id="B-9", direction="out")
        by = AuditContext("demo/b1", f"I was in hall 4 until the end. {LONG} نور")
        questions.dispute(db, owner, users.find(db, owner, "b1"), "s1", by)
        for number, reason in enumerate(("revoked", "unknown_session", "bad_time")):
            refuse(db, owner, number, reason)

    event(act)


@pytest.mark.parametrize("look", [(390, "dark"), (1280, "light")], ids=["phone in the dark", "at a desk"])
def test_everything_that_is_open_is_worked_through(open_page, served, event, busy, look):
    width, scheme = look
    page = open_page("organizer", width=width, scheme=scheme)
    page.look, page.schemes = str(width), (scheme,)
    page.goto(f"{served.config['address']}/console/implementations/demo/attendance")
    page.get_by_role("link", name="To decide").click()
    looked_at(page, "to-decide")
    page.get_by_role("link", name="Mei Chen").last.click()
    looked_at(page, "question")
    page.get_by_role("button", name="Decide").click()
    page.wait_for_selector("text=There is a problem")
    looked_at(page, "question-refused")
    page.get_by_label("Count only Sepsis in 2026").check()
    page.get_by_label("Reason").fill("She was in hall 4.")
    page.get_by_role("button", name="Decide").click()
    page.wait_for_selector("text=The scans are voided")
    page.get_by_role("link", name="B-9").click()
    looked_at(page, "order")
    page.get_by_label("Leave it as it is").check()
    page.get_by_label("Reason").fill("The door was open.")
    page.get_by_role("button", name="Decide").click()
    page.get_by_role("link", name="Mei Chen").click()
    looked_at(page, "dispute")
    page.get_by_role("link", name="Void this scan").click()
    looked_at(page, "void")
    page.go_back()
    page.get_by_label("Answer").fill("You have all 55 minutes now.")
    page.get_by_role("button", name="Answer and close").click()
    page.wait_for_selector("text=Nothing waits for a decision")
    looked_at(page, "nothing")
    for name in ("Scans", "Refused scans", "Corrections"):
        page.get_by_role("navigation", name="Attendance").get_by_role("link", name=name, exact=True).click()
        looked_at(page, name.lower().replace(" ", "-"))
    page.get_by_role("navigation", name="Attendance").get_by_role("link", name="Scans", exact=True).click()
    page.get_by_role("link", name="Add a scan").click()
    looked_at(page, "add")
    page.get_by_label("Session").select_option("s1")
    page.get_by_label("Badge ID").fill("B-7")
    page.get_by_label("When").fill("2026-05-04 09:12")
    page.get_by_label("Reason").fill("came without a badge")
    page.get_by_role("button", name="Add this scan").click()
    page.wait_for_selector("text=The scan is added")
    assert event(disputes.count_open) == 0
    assert event(open_questions.every) == []
    assert len(event(open_questions.scans_of_badge, "B-7")["s1"]) == 1
    # The browser complains about the answer to a refused form.
    open_page.complaints[:] = [said for said in open_page.complaints if "422" not in said]
