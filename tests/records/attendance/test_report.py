"""The report of scans: its rows and files, made again with the same bytes, and what is found in a file that was changed."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from openpyxl import load_workbook

from records import AgendaSession, RuleViolation
from records.attendance.corrections import AddedScan
from records.attendance.ledger import chain
from records.attendance.ledger.chain import BadgeNames
from records.attendance.report import report_check, report_files
from records.attendance.report.made_reports import BegunReport
from records.attendance.report.report_rows import ReportDigest
from records.attendance.report.report_terms import KINDS, SCANS
from records.changes.attendance import reports
from records.changes.attendance import scans as attendance
from records.changes.attendance.reports import ReportDraft
from tests.records.attendance.ledger_rows import START, draft, scan_id
from tests.records.attendance.reports_made import BY, LATER, made

NAMES = [("Chen", "Mei"), ("=HYPERLINK(1)", "+1"), ('O\'Neil, "Bo"\nJ', "x;=1\t@a"), ("الهاشمي", "نور"), ("", "")]


@pytest.fixture
def hall(db, demo):
    """Give an implementation with two sessions and five scans, the last ones first, and a test badge."""
    for name in ("s1", "S2"):
        times = {"starts_at": START, "ends_at": LATER}
        db.add(AgendaSession(implementation_id=demo.id, session_id=name, title=name, **times))
    rows = [
        (draft(5 - n, session_id="s1" if n % 2 else "S2", badge_id=f"-{n}", device="d1"), BadgeNames(*names))
        for n, names in enumerate(NAMES)
    ]
    rows.append((draft(9, badge_id="TEST-BADGE-1"), BadgeNames("Test", "Badge")))
    chain.append(db, chain.lock(db, demo), rows)
    return demo


def test_by_default_a_report_has_exactly_the_four_columns_ordered_by_session_and_time(db, hall, tmp_path):
    path, _ = made(db, hall, tmp_path)
    found = list(report_files.read(path))
    assert found[0] == ["Session ID", "Badge ID", "Last Name", "First Name"]
    assert [row[:2] for row in found[1:]] == [["S2", "-4"], ["S2", "-2"], ["S2", "-0"], ["s1", "-3"], ["s1", "-1"]]
    assert found[5][2:] == ["=HYPERLINK(1)", "+1"]


def test_no_cell_of_a_csv_or_a_workbook_is_a_formula(db, hall, tmp_path):
    path, _ = made(db, hall, tmp_path)
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfSession ID,Badge ID,Last Name,First Name\r\n")
    assert b"'=HYPERLINK(1),'+1" in raw
    assert b"x;'=1\t'@a" in raw
    path, _ = made(db, hall, tmp_path, "xlsx")
    cells = [cell for row in load_workbook(path)["Attendance"].iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert "=HYPERLINK(1)" in [cell.value for cell in cells]


@pytest.mark.parametrize("kind", ["csv", "json", "xlsx"])
def test_what_is_written_is_read_again_and_has_one_digest_in_every_format(db, hall, tmp_path, kind):
    every = tuple(KINDS[SCANS].columns)
    path, noted = made(db, hall, tmp_path, kind, columns=every)
    other, same = made(db, hall, tmp_path, "csv", columns=every[::-1])
    assert noted.digest == same.digest
    assert list(report_files.read(path)) == [list(row) for row in report_files.read(other)]
    found = report_check.check(db, hall, path)
    assert (found.ok, found.erased, found.made.terms.columns) == (True, 0, every)


def test_the_same_moment_gives_the_same_bytes_whatever_came_since(db, hall, tmp_path):
    for kind in ("csv", "json", "xlsx"):
        before = made(db, hall, tmp_path, kind)[0].read_bytes()
        attendance.add_scan(db, hall, AddedScan(session="s1", badge_id="B-7", at=START), BY)
        # A scan that had arrived before the moment, and was stored after the report.
        chain.append(db, chain.lock(db, hall), [(draft({"csv": 73, "json": 74, "xlsx": 75}[kind]), None)])
        attendance.void_scan(db, hall, scan_id({"csv": 3, "json": 4, "xlsx": 5}[kind]), BY)
        path, noted = made(db, hall, tmp_path, kind)
        assert path.read_bytes() == before
        assert report_check.check(db, hall, path).ok
    now = made(db, hall, tmp_path, as_of=None)
    assert len(list(report_files.read(now[0]))) == 1 + 5 + 6 - 3
    assert now[1].as_of > noted.as_of


def test_a_file_that_was_changed_is_found_in_every_format(db, hall, tmp_path):
    path, _ = made(db, hall, tmp_path, "csv")
    path.write_bytes(path.read_bytes().replace(b"Chen", b"Wu"))
    assert report_check.check(db, hall, path).made is None
    path, _ = made(db, hall, tmp_path, "json")
    whole = json.loads(path.read_bytes())
    path.write_text(json.dumps(whole | {"rows": whole["rows"][:-1]}))
    assert not report_check.check(db, hall, path).ok
    path.write_text(json.dumps(whole))  # spelled in another way, with the same content
    assert report_check.check(db, hall, path).ok


def test_a_file_differs_only_by_the_people_who_were_erased(db, hall, tmp_path):
    path, _ = made(db, hall, tmp_path)
    attendance.erase_names(db, hall, "-0", BY)
    attendance.erase_names(db, hall, "-1", BY)
    found = report_check.check(db, hall, path)
    assert (found.ok, found.erased) == (True, 2)
    again, _ = made(db, hall, tmp_path)
    assert b"Chen" not in again.read_bytes()
    assert report_check.check(db, hall, again).erased == 0


def test_a_report_that_the_ledger_no_longer_gives_is_found(db, hall, tmp_path):
    path, _ = made(db, hall, tmp_path)
    begun = reports.begin_report(db, hall, ReportDraft(as_of=LATER))
    fewer = BegunReport(replace(begun.terms, entries=3), begun.facts)
    digest = ReportDigest(begun.terms.headings)
    list(digest.passing(row.cells for row in begun.rows(db, hall)))
    reports.note_report(db, hall, fewer, digest, BY)
    assert report_check.check(db, hall, path).differs_at == 1


def test_a_report_of_one_session_and_of_none(db, hall, demo, tmp_path):
    path, _ = made(db, hall, tmp_path, session="s1", columns=("badge", "time"))
    assert list(report_files.read(path)) == [
        ["Badge ID", "Time (UTC)"],
        ["-3", "2026-05-04T09:00:02+00:00"],
        ["-1", "2026-05-04T09:00:04+00:00"],
    ]
    empty, noted = made(db, hall, tmp_path, as_of=START - timedelta(days=1))
    assert (len(list(report_files.read(empty))), noted.terms.entries) == (1, 0)
    assert report_check.check(db, hall, empty).ok


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"as_of": datetime.now(UTC) + timedelta(days=1)}, "as_of"),
        ({"session": "s9"}, "session"),
        ({"columns": ("badge", "email")}, "columns"),
        ({"kind": "people"}, "kind"),
        ({"kind": "sessions", "badge": "-1"}, "kind"),
        ({"kind": "sessions", "columns": ("badge",)}, "columns"),
    ],
)
def test_what_cannot_be_reported_is_said(db, hall, terms, field):
    with pytest.raises(RuleViolation) as refused:
        reports.begin_report(db, hall, ReportDraft(**terms))
    assert refused.value.field == field


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 no workbook", b"{", b'{"rows": []}', b'{"columns": [1], "rows": []}', b"\xff\xfe"]
)
def test_a_file_that_is_no_report_is_refused(db, hall, tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(RuleViolation, match="is not a report"):
        report_check.check(db, hall, path)


def test_an_empty_file_is_no_report_that_was_made(db, hall, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"")
    assert not report_check.check(db, hall, path).ok


def test_a_report_goes_to_any_stream():
    out = io.BytesIO()
    report_files.write_json(out, ["a"], [["1"], ["2"]])
    assert json.loads(out.getvalue()) == {"columns": ["a"], "rows": [["1"], ["2"]]}
