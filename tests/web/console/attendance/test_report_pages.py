"""Reports in the console: made, listed, downloaded and printed; refused with what is wrong; large ones in the background."""

import csv
import io
import json
import re

import pytest
from openpyxl import load_workbook
from sqlalchemy import text

from records import audit
from records.attendance.report import made_reports, report_check
from records.attendance.report.report_basis import ReportBasis
from records.attendance.report.report_terms import KINDS, SCANS
from records.audit import AuditContext
from records.changes.attendance import scans as changes
from records.tenants import implementations
from runner.queues.job_orders import ATTENDANCE_REPORT
from tests.web.console.attendance.conftest import ATTENDANCE

REPORTS = f"{ATTENDANCE}/reports"
USUAL = ["session", "badge", "last_name", "first_name"]


def made(browser, kind="scans", **asked):
    """Make a report as the page does; returns the address of its page."""
    fields = {"columns": list(KINDS[kind].usual), "session": "", "badge": "", "moment": ""} | asked
    answer = browser.send(f"{REPORTS}?kind={kind}", **fields)
    assert answer.status_code == 303, answer.text
    return answer.location.removeprefix("https://status.example.org")


def rows_of(answer):
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_a_report_is_made_listed_and_downloaded_in_every_format_with_one_digest(browser_for, scanned, tmp_path):
    browser = browser_for("organizer")
    page = made(browser, session="over", columns=[*KINDS[SCANS].columns])
    shown = browser.get(page).text
    digest = re.search(r'class="digest">(\w{64})<', shown)[1]
    assert digest[:12] in browser.get(REPORTS).text
    for kind, mimetype in (("csv", "text/csv"), ("json", "application/json"), ("xlsx", "application/vnd.openxml")):
        answer = browser.get(f"{page}/report.{kind}")
        assert answer.content_type.startswith(mimetype)
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Disposition"].startswith("attachment; filename=attendance-demo-scans-over-20")
        file = tmp_path / f"report.{kind}"
        file.write_bytes(answer.data)
        with scanned.reading() as db:
            found = report_check.check(db, implementations.find(db, "demo"), file)
            assert (found.ok, found.erased, found.digest) == (True, 0, digest)
    with scanned.reading() as db:
        entry = audit.recent(db, implementation="demo", limit=1)[0]
    assert (entry.action, entry.actor, entry.target) == ("attendance.report_made", "demo/organizer", digest)


def test_no_cell_of_a_download_can_be_a_formula_for_any_separator(browser_for, scanned):
    browser = browser_for("organizer")
    page = made(browser)
    text = browser.get(f"{page}/report.csv").data.decode("utf-8-sig")
    assert "'=1+1,'=HYPERLINK(1),'+49;'=2" in text
    for separator in ",;\t|":
        cells = [cell for line in text.splitlines() for cell in line.split(separator)]
        assert not [cell for cell in cells if cell.strip(' "').startswith(("=", "+", "-", "@"))]
    book = load_workbook(io.BytesIO(browser.get(f"{page}/report.xlsx").data))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert "=HYPERLINK(1)" in {cell.value for cell in cells}


def test_the_report_of_sessions_has_every_session_with_its_figures(browser_for, scanned):
    browser = browser_for("reviewer")
    page = made(browser, "sessions")
    headings, *rows = rows_of(browser.get(f"{page}/report.csv"))
    found = {row[0]: dict(zip(headings, row, strict=True)) for row in rows}
    assert list(found) == ["CE-1", "gone", "later", "over"]
    assert (found["over"]["People"], found["over"]["People of Capacity (%)"]) == ("85", "57")
    assert (found["later"]["Scans"], found["later"]["Minutes"]) == ("0", "0")


def test_a_report_of_a_person_has_only_that_badge(browser_for, scanned):
    browser = browser_for("organizer")
    assert 'value="=1+1"' in browser.get(f"{REPORTS}?badge=%3D1%2B1").text
    page = made(browser, badge=" =1+1 ")
    assert {row[1] for row in rows_of(browser.get(f"{page}/report.csv"))[1:]} == {"'=1+1"}
    assert "of <a href" in browser.get(page).text


def test_a_page_to_print_shows_names_as_they_are_and_no_markup(browser_for, scanned, monkeypatch):
    browser = browser_for("organizer")
    page = made(browser)
    text = browser.get(f"{page}/print").text
    assert "<bdi>&lt;script&gt;alert(1)&lt;/script&gt;</bdi>" in text
    assert "<bdi>الهاشمي</bdi>" in text
    assert text.count("<tr>") == len(rows_of(browser.get(f"{page}/report.csv")))
    assert text.rstrip().endswith("</html>")
    monkeypatch.setattr("web.console.attendance.report_files.PRINTED", 10)
    short = browser.get(f"{page}/print").text
    assert short.count("<tr>") == 1 + 10
    assert "of which the first 10 are on this page" in short


def test_a_download_after_an_erasure_has_no_trace_of_the_name_and_the_list_stays(browser_for, scanned):
    browser = browser_for("organizer")
    page = made(browser, columns=[*KINDS[SCANS].columns])
    with scanned.session() as db:
        changes.erase_names(db, implementations.find(db, "demo"), "10482", AuditContext("demo/organizer", "asked for"))
    for path in ("/report.csv", "/report.json", "/print"):
        text = browser.get(page + path).text
        assert "Chen" not in text
        assert "10482" in text


def test_a_report_whose_frozen_facts_were_changed_is_not_made_again(browser_for, scanned):
    browser = browser_for("organizer")
    page = made(browser, columns=["minutes"])
    with scanned.session() as db:
        kept = db.query(ReportBasis).one()
        kept.content = kept.content.replace("Opening", "Closing")
    answer = browser.get(f"{page}/report.csv")
    assert (answer.status_code, "was changed" in answer.text) == (409, True)


def test_a_report_whose_scans_are_not_kept_any_more_is_still_there_with_its_digest_only(browser_for, scanned, tmp_path):
    browser = browser_for("organizer")
    page = made(browser)
    (tmp_path / "report.csv").write_bytes(browser.get(f"{page}/report.csv").data)
    forget_scans(scanned, first=11)
    shown = browser.get(page).text
    assert "are not kept any more" in shown
    assert "report.csv" not in shown
    assert browser.get(f"{page}/report.csv").status_code == browser.get(f"{page}/print").status_code == 409
    with scanned.reading() as db:
        found = report_check.check(db, implementations.find(db, "demo"), tmp_path / "report.csv")
        assert (found.ok, found.gone) == (True, True)
    newer = made(browser)
    assert len(rows_of(browser.get(f"{newer}/report.csv"))) > 200
    assert "not kept any more" not in browser.get(newer).text


def forget_scans(database, first):
    """Delete the rows of the ledger before one, as its triggers refuse to do."""
    with database.session() as db:
        for (name,) in db.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'scan_ledger'")
        ):
            db.execute(text(f"DROP TRIGGER {name}"))
        db.execute(text("DELETE FROM scan_names WHERE number < :first"), {"first": first})
        db.execute(text("DELETE FROM scan_ledger WHERE number < :first"), {"first": first})


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"columns": []}, "Columns must be at least one"),
        ({"columns": ["email"]}, "Columns must be some of session"),
        ({"session": "none"}, "Session is not a session of the agenda"),
        ({"session": "x\0y"}, "Session is not a session of the agenda"),
        ({"moment": "soon"}, "As it was known at must be a time such as"),
        ({"moment": "2999-01-01T00:00"}, "As it was known at must not be in the future"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_made(browser_for, scanned, asked, said):
    answer = browser_for("organizer").send(f"{REPORTS}?kind=scans", **({"columns": USUAL, "session": ""} | asked))
    assert (answer.status_code, said in answer.text) == (422, True)
    with scanned.reading() as db:
        assert made_reports.every(db, implementations.find(db, "demo")) == []


def test_what_is_no_report_is_not_found_and_one_of_another_implementation_neither(browser_for, scanned):
    browser = browser_for("organizer")
    page = made(browser)
    number = page.rpartition("/")[2]
    for path in ("/1", f"/{'9' * 30}", "/1/report.csv", "/1/print", f"/{number}/report.pdf"):
        assert browser.get(REPORTS + path).status_code == 404
    there = REPORTS.replace("/demo/", "/other/")
    for path in ("", "/report.csv", "/print"):
        assert browser_for("administrator").get(f"{there}/{number}{path}").status_code == 404


def test_a_large_report_is_ordered_followed_and_cancelled_by_the_person(browser_for, scanned, app, monkeypatch):
    monkeypatch.setattr(made_reports, "LARGE", 100)
    browser = browser_for("organizer")
    fields = {"columns": USUAL, "session": "", "badge": "", "moment": "2h"}
    assert browser.send(f"{REPORTS}?kind=scans", **fields).location.endswith("/attendance/reports")
    job = app.extensions["auth services"].jobs.newest(ATTENDANCE_REPORT, "demo", "demo/organizer")
    assert job.state == "waiting"
    page = browser.get(REPORTS).text
    assert "The report is waiting for a worker." in page
    assert "No background worker is running." in page
    assert browser_for("reviewer").send(f"{REPORTS}/cancel").status_code == 404
    assert browser.send(f"{REPORTS}/cancel").status_code == 303
    assert app.extensions["auth services"].jobs.find("demo", job.id).state == "cancelled"
    assert browser.send(f"{REPORTS}/cancel").status_code == 404
    made(browser, session="gone")  # a small one is made at once


def test_reports_are_listed_in_pages_the_newest_first(browser_for, scanned, monkeypatch):
    browser = browser_for("organizer")
    numbers = [int(made(browser, session="gone").rpartition("/")[2]) for _ in range(3)]
    monkeypatch.setattr("web.console.attendance.reports.ROWS", 2)
    first = browser.get(REPORTS).text
    assert re.findall(r">Report (\d+)<", first) == [str(number) for number in numbers[:0:-1]]
    older = re.search(r'href="([^"]+)" rel="next"', first)[1]
    assert re.findall(r">Report (\d+)<", browser.get(older).text) == [str(numbers[0])]
    assert json.loads(browser.get(f"{REPORTS}/{numbers[0]}/report.json").data)["columns"][0] == "Session ID"
