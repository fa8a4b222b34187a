"""What was done, by whom, to what: the audit entries of one implementation, and of all."""

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
from web.permissions import Permission, needs

blueprint = Blueprint("console_audit", __name__, url_prefix="/console")

#: Entries of a page, and of a download.
ROWS = 50
DOWNLOADED = 50_000

#: Characters of the longest filter.
LONGEST = 200

#: Fields that an entry's line names.
NAMED = 4

#: In the detail of a command: the user of the machine who ran it.
SYSTEM_USER = "system_user"

#: Columns of the file, which stay as they are: what reads it counts on them (docs/operations.md).
COLUMNS = (
    *("number", "at", "implementation", "by", "by_key", "action", "target", "target_key", "reason", "detail", "hash"),
)


@dataclass(frozen=True)
class AuditQuery:
    """What the address asks for: texts which the fields hold, and the entry before which the page begins."""

    actor: str = ""
    action: str = ""
    target: str = ""
    before: int | None = None

    @classmethod
    def here(cls) -> AuditQuery:
        """Read it from the address."""
        number = request.args.get("before", "")
        texts = {name: request.args.get(name, "").strip()[:LONGEST] for name in ("actor", "action", "target")}
        return cls(
            **texts, before=int(number) if number.isascii() and number.isdigit() and len(number) < 16 else None
        )  # digits that every database's number has

    @property
    def filters(self) -> dict[str, str]:
        """The texts that were given."""
        return {name: text for name in ("actor", "action", "target") if (text := getattr(self, name))}

    def address(self, path: str, **more: Any) -> str:
        """Return an address with the same filters."""
        given = self.filters | more
        return f"{path}?{urlencode(given)}" if given else path


@blueprint.get("/audit")
@needs(Permission.SEE_ALL_AUDIT)
def of_all() -> Response:
    """Show the entries of all implementations; with `check=1` also whether all are as they were written."""
    with AuthServices.here().database.reading() as db:
        verdict = audit.verify(db) if request.args.get("check") else None
        return _page(db, None, verdict=verdict)


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


def _page(db: DbSession, of: Implementation | None, *, verdict: audit.ChainVerification | None = None) -> Response:
    asked = AuditQuery.here()
    rows = _entries(db, of, asked, ROWS + 1)
    older = asked.address(request.path, before=rows[ROWS - 1].number) if len(rows) > ROWS else ""
    entries = actors.of_entries(db, rows[:ROWS])
    return page(
        "console/audit.html",
        title="Audit" if of else "Audit of all implementations",
        implementation=of,
        entries=entries,
        asked=asked,
        older=older,
        newest=asked.address(request.path) if asked.before else "",
        download=asked.address(f"{request.path}.csv"),
        verdict=verdict,
        told=_told,
        gist=_gist,
    )


def _file(db: DbSession, of: Implementation | None) -> Response:
    written = io.StringIO()
    sheet = csv.writer(written, lineterminator="\r\n")
    sheet.writerow(COLUMNS)
    for named in actors.of_entries(db, _entries(db, of, AuditQuery.here(), DOWNLOADED)):
        row = named.as_values()
        sheet.writerow(guarded(_plain(row[column])) for column in COLUMNS)
    name = f"audit-{of.slug}.csv" if of else "audit.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(written.getvalue(), headers=headers, mimetype="text/csv")


def _entries(db: DbSession, of: Implementation | None, asked: AuditQuery, limit: int) -> list[AuditEntry]:
    return audit.recent(
        db,
        implementation=of.slug if of else None,
        before=asked.before,
        limit=limit,
        holding=asked.filters,
        people={name: actors.keys_of(db, getattr(asked, name)) for name in ("actor", "target")},
    )


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True) if value else ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _gist(entry: AuditEntry) -> str:
    """Return what tells an entry from others of its action, for the line itself; the values are in its details."""
    if entry.action.startswith("grant.") and "role" in entry.detail:
        return f"role {_words(entry.detail['role'])}"
    if not entry.action.endswith((".saved", ".changed")):
        return ""
    names = [name.replace("_", " ") for name in entry.detail if name != SYSTEM_USER]
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _told(detail: dict[str, Any]) -> list[tuple[str, str]]:
    """Return an entry's detail as pairs for people; a change is a list of old and new."""
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
