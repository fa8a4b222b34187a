"""A file is checked on a page: a report as it was made, one that was changed, one of another conference, and what is no report."""

import io
import zipfile

import pytest
from openpyxl import load_workbook

from records.attendance.report.sheet_writer import SHEET as SHEET_PART
from records.attendance.report.sheet_writer import write_sheet
from records.audit import AuditContext
from records.changes.attendance import scans as changes
from records.tenants import implementations
from tests.web.console.attendance.conftest import ATTENDANCE
from tests.web.console.attendance.test_report_pages import REPORTS, forget_scans, made
from web.console.attendance import report_checks

CHECK = f"{REPORTS}/check"


def checked(browser, content, address=CHECK):
    return browser.send(address, file=(io.BytesIO(content), "report.bin"))


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_a_report_is_recognised_in_every_format_and_a_changed_one_is_not(browser_for, scanned, kind):
    browser = browser_for("organizer")
    page = made(browser, columns=["session", "badge", "last_name", "minutes"])
    content = browser.get(f"{page}/report.{kind}").data
    answer = checked(browser, content)
    assert (answer.status_code, "the scans say the same" in answer.text) == (200, True)
    assert f'href="{page}"' in answer.text
    other = made(browser, columns=["session", "badge"], session="over")
    text = browser.get(f"{other}/report.csv").data.replace(b"10482", b"10483")
    assert "No report with this content was made here" in checked(browser, text).text


def test_it_is_said_what_was_erased_or_is_not_kept_any_more_or_was_altered(browser_for, scanned):
    browser = browser_for("organizer")
    content = browser.get(f"{made(browser)}/report.csv").data
    with scanned.session() as db:
        changes.erase_names(db, implementations.find(db, "demo"), "10482", AuditContext("demo/organizer", "asked for"))
    assert "1 person whose names were erased" in checked(browser, content).text
    forget_scans(scanned, first=5)
    assert "Its scans are not kept any more" in checked(browser, content).text


def test_a_report_of_another_conference_is_refused(browser_for, scanned):
    content = browser_for("organizer").get(f"{made(browser_for('organizer'))}/report.csv").data
    there = checked(browser_for("administrator"), content, CHECK.replace("/demo/", "/other/"))
    assert "No report with this content was made here" in there.text
    assert checked(browser_for("organizer"), content, CHECK.replace("/demo/", "/other/")).status_code == 404


def bomb():
    """A workbook of a few kilobytes that says to hold more than is read."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("xl/sharedStrings.xml", "w") as part:
        for _ in range(report_checks.UNPACKED // report_checks.MIB + 1):
            part.write(bytes(report_checks.MIB))
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "must be chosen"),
        (b"PK\x03\x04 no workbook", "is not a report of attendance"),
        (b"{", "is not a report of attendance"),
        (b"\x89PNG\r\n\x1a\n\0\xff", "is not a report of attendance"),
        (b"x" * 200_001, "must have at most 4 MB"),
        (bomb(), "is too large"),
    ],
    ids=["none", "no workbook", "no JSON", "an image", "large", "a decompression bomb"],
)
def test_what_is_no_report_is_refused_at_its_field(browser_for, scanned, content, said, monkeypatch):
    monkeypatch.setattr(report_checks, "MOST", 200_000)
    answer = checked(browser_for("organizer"), content)
    assert (answer.status_code, said in answer.text) == (422, True)


def test_the_list_of_reports_leads_there(browser_for, database):
    assert f'href="{CHECK}"' in browser_for("organizer").get(f"{ATTENDANCE}/reports").text


SHEET = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}<sheetData>{}</sheetData></worksheet>'
CELL = '<c r="{}" t="inlineStr"><is><t>x</t></is></c>'


def workbook_with(sheet):
    """A workbook as we write it, of less than two kilobytes, with another sheet in it."""
    ours, out = io.BytesIO(), io.BytesIO()
    write_sheet(ours, ["Badge ID"], [["10482"]])
    with zipfile.ZipFile(ours) as made_here, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as hostile:
        for name in made_here.namelist():
            hostile.writestr(name, sheet if name == SHEET_PART else made_here.read(name))
    return out.getvalue()


def test_a_small_workbook_that_is_all_tags_is_not_read(browser_for, database):
    tags = workbook_with(SHEET.format("", f"<row>{'<c/>' * report_checks.TAGS}</row>"))
    answer = checked(browser_for("organizer"), tags)
    assert (len(tags) < 100_000, answer.status_code, "is too large" in answer.text) == (True, 422, True)


def damaged():
    """A workbook whose packed sheet is no packed bytes."""
    content = bytearray(workbook_with(SHEET.format("", "")))
    at = content.find(SHEET_PART.encode()) + len(SHEET_PART)
    content[at : at + 8] = b"\xff" * 8
    return bytes(content)


@pytest.mark.parametrize(
    "content",
    [
        workbook_with(
            SHEET.format('<dimension ref="A1:XFD1048576"/>', f'<row>{CELL.format("XFD1")}</row><row r="1048576"/>')
        ),
        workbook_with("<worksheet"),
        workbook_with(SHEET.format("", '<row><c t="s"><v>999</v></c></row>')),
        damaged(),
        b"PK\x03\x04 and the end of a ZIP file that has no beginning" + b"PK\x05\x06" + b"\1" * 16 + b"\0\0",
        b'{"columns": ' + b"[" * 100_000,
        b'{"columns": ["Badge ID"], "rows": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    ],
    ids=[
        "16 milliard cells",
        "half a tag",
        "a text that there is not",
        "damaged",
        "an end alone",
        "deep headings",
        "deep rows",
    ],
)
def test_a_hostile_file_neither_hangs_the_server_nor_fails_it(browser_for, database, content):
    answer = checked(browser_for("organizer"), content)
    assert (answer.status_code, "is not a report of attendance" in answer.text) == (422, True)


def test_a_sheet_that_claims_every_row_and_column_has_only_what_is_in_it(browser_for, database):
    claims = workbook_with(SHEET.format('<dimension ref="A1:XFD1048576"/>', f"<row>{CELL.format('A1')}</row>"))
    assert "No report with this content was made here" in checked(browser_for("organizer"), claims).text
    far = workbook_with(SHEET.format("", '<row r="99999999999"><c/></row>'))
    assert "No report with this content was made here" in checked(browser_for("organizer"), far).text


def test_a_report_without_the_marks_before_its_formulas_is_none_though_its_cells_say_the_same(browser_for, scanned):
    browser = browser_for("organizer")
    content = browser.get(f"{made(browser)}/report.csv").data
    assert b"'=HYPERLINK(1)" in content
    answer = checked(browser, content.replace(b"'=HYPERLINK(1)", b"=HYPERLINK(1)"))
    assert (answer.status_code, "is not a report of attendance" in answer.text) == (422, True)


def test_a_report_behind_another_sheet_is_none(browser_for, scanned):
    browser = browser_for("organizer")
    workbook = load_workbook(io.BytesIO(browser.get(f"{made(browser)}/report.xlsx").data))
    workbook.create_sheet("Attendance ")["A1"] = "Everybody attended"
    workbook.active, out = 1, io.BytesIO()
    workbook.save(out)
    answer = checked(browser, out.getvalue())
    assert (answer.status_code, "is not a report of attendance" in answer.text) == (422, True)
