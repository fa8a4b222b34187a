"""The audit pages: who did what to which thing, in one implementation or in all."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from records import AuditEntry, DbSession, Implementation, audit
from records.people import actors
from records.spreadsheet_cells import guarded
from web.auth.services import AuthServices
from web.console.layout.page_frame import implementation_named, page
from web.forms.filter_form import FilterField, FilterForm
from web.permissions import Permission, needs

blueprint = Blueprint("console_audit", __name__, url_prefix="/console")

#: Entries on a page, and in a download.
ROWS = 50
MOST_DOWNLOADED = 50_000

#: Changed fields that the line of an entry names.
FIELDS_NAMED = 4

#: In the detail of a command's entry: the user of the machine who ran it.
SYSTEM_USER = "system_user"

#: Columns of the file. They must not change, because other programs read them (docs/operations.md).
COLUMNS = (
    *("number", "at", "implementation", "by", "by_key", "action", "target", "target_key", "reason", "detail", "hash"),
)


#: Digits of a number that every database can store.
_DIGITS = 15


class AuditFilterForm(FilterForm):
    """The texts to filter by."""

    actor = FilterField("Who")
    action = FilterField("What")
    target = FilterField("To what")


@dataclass(frozen=True)
class AuditQuery:
    """The query of the address: the filter, and the entry before which the page begins."""

    form: AuditFilterForm
    before: int | None = None

    @classmethod
    def of_request(cls) -> AuditQuery:
        """Read it from the address."""
        number = request.args.get("before", "")
        is_number = number.isascii() and number.isdigit() and len(number) <= _DIGITS
        return cls(AuditFilterForm.of_request(), before=int(number) if is_number else None)

    @property
    def filters(self) -> dict[str, str]:
        """The texts that were given."""
        return {field.name: field.value for field in self.form if field.value}

    def address(self, path: str, **more: Any) -> str:
        """Return an address with the same filters."""
        query = self.filters | more
        return f"{path}?{urlencode(query)}" if query else path


@blueprint.get("/audit")
@needs(Permission.SEE_ALL_AUDIT)
def of_all() -> Response:
    """Show the entries of all implementations; with `check=1`, also whether they are as they were written."""
    with AuthServices.here().database.reading() as db:
        verification = audit.verify(db) if request.args.get("check") else None
        return _page(db, None, verification=verification)


@blueprint.get("/audit.csv")
@needs(Permission.SEE_ALL_AUDIT)
def csv_of_all() -> Response:
    """Give the entries of all implementations as a file."""
    with AuthServices.here().database.reading() as db:
        return _file(db, None)


@blueprint.get("/implementations/<implementation>/audit")
@needs(Permission.SEE_AUDIT)
def of_implementation(implementation: str) -> Response:
    """Show the entries of one implementation."""
    with AuthServices.here().database.reading() as db:
        return _page(db, implementation_named(db, implementation))


@blueprint.get("/implementations/<implementation>/audit.csv")
@needs(Permission.SEE_AUDIT)
def csv_of_implementation(implementation: str) -> Response:
    """Give the entries of one implementation as a file."""
    with AuthServices.here().database.reading() as db:
        return _file(db, implementation_named(db, implementation))


def _page(db: DbSession, of: Implementation | None, *, verification: audit.ChainVerification | None = None) -> Response:
    query = AuditQuery.of_request()
    rows = _entries(db, of, query, ROWS + 1)
    older = query.address(request.path, before=rows[ROWS - 1].number) if len(rows) > ROWS else ""
    entries = actors.of_entries(db, rows[:ROWS])
    return page(
        "console/audit.html",
        title="Audit" if of else "Audit of all implementations",
        implementation=of,
        entries=entries,
        query=query,
        older=older,
        newest=query.address(request.path) if query.before else "",
        download=query.address(f"{request.path}.csv"),
        verification=verification,
        detail_in_words=_detail_in_words,
        summary=_summary,
    )


def _file(db: DbSession, of: Implementation | None) -> Response:
    text = io.StringIO()
    sheet = csv.writer(text, lineterminator="\r\n")
    sheet.writerow(COLUMNS)
    for named in actors.of_entries(db, _entries(db, of, AuditQuery.of_request(), MOST_DOWNLOADED)):
        row = named.as_values()
        sheet.writerow(guarded(_cell(row[column])) for column in COLUMNS)
    name = f"audit-{of.slug}.csv" if of else "audit.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text.getvalue(), headers=headers, mimetype="text/csv")


def _entries(db: DbSession, of: Implementation | None, query: AuditQuery, limit: int) -> list[AuditEntry]:
    return audit.recent(
        db,
        implementation=of.slug if of else None,
        before=query.before,
        limit=limit,
        holding=query.filters,
        people={name: actors.keys_of(db, query.form[name].value) for name in ("actor", "target")},
    )


def _cell(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _summary(entry: AuditEntry) -> str:
    """Return what distinguishes an entry from others of its action; the values are in its details."""
    if entry.action.startswith("grant.") and "role" in entry.detail:
        return f"role {_words(entry.detail['role'])}"
    if not entry.action.endswith((".saved", ".changed")):
        return ""
    names = [name.replace("_", " ") for name in entry.detail if name != SYSTEM_USER]
    more = f" and {len(names) - FIELDS_NAMED} more" if len(names) > FIELDS_NAMED else ""
    return ", ".join(names[:FIELDS_NAMED]) + more


def _detail_in_words(detail: dict[str, Any]) -> list[tuple[str, str]]:
    """Return an entry's detail as pairs of name and value in words; a change is a list of old and new."""
    return [(name.replace("_", " "), _words(value)) for name, value in detail.items()]


def _words(value: Any) -> str:
    if isinstance(value, list) and len(value) == 2 and value[0] != value[1]:  # old and new
        return f"{_words(value[0]) or 'nothing'} → {_words(value[1]) or 'nothing'}"
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(f"{name.replace('_', ' ')} {_words(inner)}" for name, inner in value.items())
    return str(value)
