"""The file of scans that a phone has saved: uploaded, looked at, then imported.

The file travels in the form between the two, so that nothing of it is stored before a person has looked at it. It is read
and judged again when it is imported.
"""

from __future__ import annotations

import base64
from binascii import Error as NoBase64
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response
from wtforms import HiddenField

from records import DbSession, Implementation, RuleViolation
from records.attendance.corrected_time import corrected
from records.attendance.intake import ScanResult
from records.attendance.phones import saved_scans
from records.attendance.phones.saved_scans import LARGEST, FileResults, SavedScans
from records.attendance.scan_parsing import REFUSAL_WORDS, ScanRefusal, read_moment
from records.changes.after_commit import AfterCommit
from records.changes.attendance import phone_scans as changes
from records.columns import utc_now
from records.plurals import counted
from web.auth.external.strict_json import line_of
from web.console.attendance.views_base import address, blueprint, page, reading
from web.console.commits import by_page, commit_to
from web.console.layout.page_frame import Link, signed_in
from web.forms.base_form import BaseForm
from web.forms.fields import UploadField
from web.permissions import Permission, needs, takes
from web.phone_file import read_phone_file

#: Bytes of the form that uploads the largest file, and of the one that imports it: in base64 it is a third longer.
UPLOAD_BYTES, IMPORT_BYTES = LARGEST + 64 * 1024, LARGEST * 4 // 3 + 64 * 1024
#: Scans that a preview lists, the refused ones first; the rest are counted.
MOST_SHOWN = 200
_LONGEST_SHOWN = 60


class PhoneFileForm(BaseForm):
    """The file, as it lies on the computer of the person."""

    file = UploadField("File from the phone", description="A JSON file that the scanner page has saved, up to 2 MB.")


class ImportScansForm(BaseForm):
    """The file that was looked at, in base64 with the characters that a form sends as they are."""

    content = HiddenField()


@dataclass(frozen=True)
class PreviewedScan:
    """One scan of the file, as far as it can be read, and what would become of it."""

    badge: str
    name: str
    session: str
    at: datetime | None  #: its corrected time
    state: str
    why: str


@blueprint.get("/phone-file", endpoint="phone_file")
@needs(Permission.CORRECT_ATTENDANCE)
def show_phone_file(implementation: str) -> Response:
    """Ask for the file of a phone."""
    with reading(implementation) as (_, found):
        return page("phone_file.html", found, title="Import from a phone", form=PhoneFileForm(formdata=None))


@blueprint.post("/phone-file", endpoint="preview_phone_file")
@needs(Permission.CORRECT_ATTENDANCE)
@takes(body=UPLOAD_BYTES)
def preview_phone_file(implementation: str) -> Response:
    """Show what would become of each scan of a file. Nothing is stored."""
    form = PhoneFileForm()
    data = form.file.value
    with reading(implementation) as (db, found):
        try:
            saved = read_phone_file(found, data)
        except RuleViolation as refused:
            form.refuse(refused)
            return page("phone_file.html", found, title="Import from a phone", form=form)
        return _preview(db, found, saved, base64.urlsafe_b64encode(data).decode())


@blueprint.post("/phone-file/import", endpoint="import_phone_file")
@needs(Permission.CORRECT_ATTENDANCE)
@takes(body=IMPORT_BYTES)
def import_phone_file(implementation: str) -> Response:
    """Import the file that was looked at, and say what became of its scans."""
    form = ImportScansForm()

    def change(db: DbSession, found: Implementation) -> AfterCommit[FileResults]:
        return changes.import_scans(db, found, read_phone_file(found, _decoded(form.content.data)), by_page())

    try:
        done = commit_to(implementation, change).value
    except RuleViolation as refused:
        again = PhoneFileForm(formdata=None)
        again.refuse(refused)
        with reading(implementation) as (_, found):
            return page("phone_file.html", found, title="Import from a phone", form=again)
    with reading(implementation) as (_, found):
        return page("phone_file_done.html", found, title="The file is imported", above=_above(found), done=done.counts)


def _preview(db: DbSession, found: Implementation, saved: SavedScans, content: str) -> Response:
    results = saved_scans.preview(db, found, saved, signed_in().actor, utc_now())
    each = sorted(zip(results, saved.scans, strict=True), key=lambda pair: pair[0].state != "refused")
    return page(
        "phone_file_check.html",
        found,
        title="Check the file",
        above=_above(found),
        form=ImportScansForm(formdata=None, data={"content": content}),
        saved=saved,
        skew=_skew_words(saved),
        counts=saved_scans.counts_of(results),
        total=len(results),
        scans=[_previewed(result, sent, saved) for result, sent in each[:MOST_SHOWN]],
    )


def _previewed(result: ScanResult, sent: Any, saved: SavedScans) -> PreviewedScan:
    values = sent if isinstance(sent, dict) else {}
    shown = {name: line_of(values.get(name), _LONGEST_SHOWN) for name in ("badge_id", "session")}
    name = " ".join(filter(None, (line_of(values.get(each), _LONGEST_SHOWN) for each in ("first_name", "last_name"))))
    at = read_moment(values.get("scanned_at"))
    if at is not None and result.state != "refused":
        at = corrected(at, saved_scans.arrival_of(saved, "", at).skew)
    why = REFUSAL_WORDS[ScanRefusal(result.reason)] if result.reason else ""
    return PreviewedScan(shown["badge_id"], name, shown["session"], at, result.state, why)


def _skew_words(saved: SavedScans) -> str:
    """Say by how much the phone's clock was wrong, if it was by enough to correct its times."""
    if saved.skew is None:
        return "never compared with ours: its times are taken as they are"
    minutes = round(abs(saved.skew).total_seconds() / 60)
    if not minutes:
        return "right, within half a minute"
    return f"{counted(minutes, 'minute')} {'behind' if saved.skew.total_seconds() > 0 else 'ahead'}: its times are corrected"


def _decoded(content: str | None) -> bytes:
    try:
        return base64.b64decode(content or "", altchars=b"-_", validate=True)
    except (NoBase64, ValueError):
        return b""


def _above(found: Implementation) -> tuple[Link, ...]:
    return (Link("Import from a phone", address("phone_file", found.slug)),)
