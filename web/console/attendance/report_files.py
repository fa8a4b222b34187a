"""A report as a file, and as a page to print. Both are made from the ledger when they are asked for.

The whole file is written to a temporary one before its first byte is sent: memory does not grow with it, no
database connection waits for a browser, and a report that cannot be made completely is an error and never half a file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, closing
from http import HTTPStatus
from itertools import islice
from typing import BinaryIO, Final

from flask import Response, stream_template

from records import DbSession, Implementation, RuleViolation
from records.attendance.report import made_reports, report_files
from records.attendance.report.made_reports import MadeReport
from records.attendance.report.report_rows import ReportRow
from records.attendance.report.report_terms import KINDS
from web.console.attendance.reports import report_named
from web.console.attendance.views_base import blueprint, reading
from web.console.layout import page_times
from web.middleware.response_headers import PRIVATE
from web.permissions import Permission, needs
from web.problem_details import HttpProblem

#: The formats of files, with their types.
FORMATS: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}
#: Bytes that are sent at once.
PIECE: Final = 64 * 1024
#: Rows of a page to print.
PRINTED: Final = 5000


@blueprint.get("/reports/<int:number>/report.<file_format>", endpoint="report_file")
@needs(Permission.SEE_ATTENDANCE)
def file(implementation: str, number: int, file_format: str) -> Response:
    """Give a report as a file: CSV, Excel or JSON."""
    if file_format not in FORMATS:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "A report is a file in CSV, Excel (xlsx) or JSON.")
    with ExitStack() as kept:
        out = kept.enter_context(tempfile.TemporaryFile())
        with reading(implementation) as (db, found):
            made = report_named(db, found, number)
            with closing(_rows(db, found, made)) as rows:
                report_files.WRITERS[file_format](out, made.terms.headings, (row.cells for row in rows))
        response = _sent(out, FORMATS[file_format], kept.pop_all())
    response.headers.set("Content-Disposition", "attachment", filename=f"{_name(implementation, made)}.{file_format}")
    return response


@blueprint.get("/reports/<int:number>/print", endpoint="print_report")
@needs(Permission.SEE_ATTENDANCE)
def print_page(implementation: str, number: int) -> Response:
    """Show a report as a page to print: a long one with its first rows only."""
    with ExitStack() as kept:
        out = kept.enter_context(tempfile.TemporaryFile())
        with reading(implementation) as (db, found):
            made = report_named(db, found, number)
            page_times.begin(found, has_times=True)
            with closing(_rows(db, found, made)) as rows:
                parts = stream_template(
                    "console/attendance/print.html",
                    implementation=found,
                    made=made,
                    title=KINDS[made.terms.kind].title,
                    rows=islice(rows, PRINTED),
                    most=PRINTED,
                )
                out.writelines(part.encode() for part in parts)
        return _sent(out, "text/html; charset=utf-8", kept.pop_all())


def _rows(db: DbSession, found: Implementation, made: MadeReport) -> Generator[ReportRow, None, None]:
    """Return the rows of a report. Raises `HttpProblem` (409) if it cannot be made again."""
    try:
        return made_reports.begin_again(db, found, made).rows(db, found)
    except RuleViolation as refused:
        raise HttpProblem(HTTPStatus.CONFLICT, f"This report {refused.reason}.") from None


def _sent(out: BinaryIO, mimetype: str, kept: ExitStack) -> Response:
    """Return the response with a file that was written; `kept` closes the file, at its end or once the response is over."""
    size = out.tell()
    out.seek(0)
    response = Response(_pieces(out, kept), headers=dict(PRIVATE), content_type=mimetype)
    response.content_length = size
    response.call_on_close(kept.close)
    return response


def _pieces(out: BinaryIO, kept: ExitStack) -> Iterator[bytes]:
    with kept:
        while piece := out.read(PIECE):
            yield piece


def _name(implementation: str, made: MadeReport) -> str:
    """Return the name of the file without its ending: what it is about, and as of when."""
    about = [made.terms.kind, *([made.terms.session] if made.terms.session else [])]
    return "-".join(["attendance", implementation, *about, f"{made.as_of:%Y%m%dT%H%M%SZ}"]).replace(":", "_")
