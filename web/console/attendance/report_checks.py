"""Whether a file is a report that was made here, for people who have no shell: uploaded, checked, and not kept."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from flask import Response

from records import RuleViolation
from records.attendance.report import report_check, report_files
from records.attendance.report.report_check import ReportCheck
from web.console.attendance.views_base import address, blueprint, page, reading
from web.console.layout.page_frame import Link
from web.forms.base_form import BaseForm
from web.forms.fields import UploadField
from web.permissions import Permission, needs, takes

MIB: Final = 1024 * 1024
#: Bytes of a file that is checked in a request, and of its form. What is larger is checked at the command line.
MOST: Final = 4 * MIB
FORM: Final = MOST + 64 * 1024
#: Bytes that a workbook of this size may hold, and tags: to read one of them takes some microseconds.
UNPACKED: Final = 128 * MIB
TAGS: Final = 1_000_000


class ReportCheckForm(BaseForm):
    """The file that is checked."""

    file = UploadField("File of a report", description="CSV, Excel or JSON, up to 4 MB. It is not kept.")


@blueprint.get("/reports/check", endpoint="check")
@needs(Permission.SEE_ATTENDANCE)
def ask(implementation: str) -> Response:
    """Ask for the file."""
    return _page(implementation, ReportCheckForm(formdata=None), None)


@blueprint.post("/reports/check", endpoint="check_file")
@needs(Permission.SEE_ATTENDANCE)
@takes(body=FORM)
def check(implementation: str) -> Response:
    """Say whether the file is a report of this implementation as it was made, and whether the ledger still gives its rows."""
    form = ReportCheckForm()
    content = form.file.value
    if not content or len(content) > MOST:
        form.complain("file", "must have at most 4 MB" if content else "must be chosen")
        return _page(implementation, form, None)
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        return _checked(implementation, form, Path(file.name))


def _checked(implementation: str, form: ReportCheckForm, path: Path) -> Response:
    found = None
    try:
        if report_files.unpacked_size(path) > UNPACKED or report_files.tags_in(path) > TAGS:
            form.complain("file", "is too large: check it at the command line")
            return _page(implementation, form, None)
        with reading(implementation) as (db, owner):
            found = report_check.check(db, owner, path)
    except RuleViolation as refused:
        form.complain("file", refused.faults[0].reason)
    return _page(implementation, form, found)


def _page(implementation: str, form: ReportCheckForm, found: ReportCheck | None) -> Response:
    with reading(implementation) as (_, owner):
        above = (Link("Reports", address("reports", owner.slug)),)
        return page("check.html", owner, title="Check a file", above=above, form=form, found=found)
