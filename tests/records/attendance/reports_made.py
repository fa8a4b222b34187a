"""Reports as commands and pages make them, for tests."""

from __future__ import annotations

from datetime import timedelta

from records.attendance.report import report_files
from records.attendance.report.report_rows import ReportDigest
from records.audit import AuditContext
from records.changes.attendance import reports
from records.changes.attendance.reports import ReportDraft
from tests.records.attendance.ledger_rows import START

BY = AuditContext("demo/olga", "wrong badge")
LATER = START + timedelta(hours=1)


def made(db, owner, folder, file_format="csv", **asked):
    """Make a report as the command does; returns its file and what was noted."""
    begun = reports.begin_report(db, owner, ReportDraft(**({"as_of": LATER} | asked)))
    digest = ReportDigest(begun.terms.headings)
    path = folder / f"report.{file_format}"
    with path.open("wb") as file:
        rows = begun.rows(db, owner)
        report_files.WRITERS[file_format](file, begun.terms.headings, digest.passing(row.cells for row in rows))
    return path, reports.note_report(db, owner, begun, digest, BY).value


def table(path):
    """The rows of a report as dicts by heading."""
    headings, *rows = report_files.read(path)
    return [dict(zip(headings, row, strict=True)) for row in rows]
