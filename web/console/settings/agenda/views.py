"""Pages of the agenda: what is there, bringing a file, taking it home."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Response

from records import DbSession, Implementation, ImportReport, Refused, sessions
from records.agenda_file import COLUMNS, LARGEST_FILE, REQUIRED
from web.console.settings.forms import SettingsForm
from web.console.settings.pages import blueprint, changing, done, looking, page
from web.console.settings.typed import Upload
from web.permissions import Permission, needs, takes

#: Bytes of a form around the largest file.
FORM_BYTES = LARGEST_FILE + 64 * 1024

#: Sessions and faults that a page shows; the rest are counted.
MOST_SHOWN = 100


class AgendaForm(SettingsForm):
    """The organizer's file."""

    file = Upload("Agenda file (CSV)")


@blueprint.get("/agenda", endpoint="agenda")
@needs(Permission.SEE_SETTINGS)
def show_agenda(implementation: str) -> Response:
    """Show the sessions, and how to bring more."""
    with looking(implementation) as (db, found):
        return _page(found, AgendaForm(formdata=None), db)


@blueprint.post("/agenda")
@needs(Permission.CHANGE_SETTINGS)
@takes(body=FORM_BYTES)
def import_agenda(implementation: str) -> Response:
    """Import a file: all of it, or with any fault nothing. The faults are shown by row and column."""
    form = AgendaForm()
    try:
        report = _imported(implementation, form.file.value)
    except Refused as refused:
        form.refuse(refused)
        report = None
    if report is not None and not report.faults:
        said = f"{report.added} sessions added, {report.changed} changed, {report.unchanged} unchanged."
        return done(said, "agenda", implementation)
    with looking(implementation) as (db, found):
        if report is not None:
            form.complain("file", f"was not imported: {len(report.faults)} faults, listed below")
        return _page(found, form, db, report=report)


@blueprint.get("/agenda.csv")
@needs(Permission.SEE_SETTINGS)
def export_agenda(implementation: str) -> Response:
    """Give the agenda as the file that can be imported again."""
    with looking(implementation) as (db, found):
        text = sessions.export_csv(db, found)
    headers = {
        "Content-Disposition": f'attachment; filename="{implementation}-agenda.csv"',
        "Cache-Control": "no-store",
    }
    return Response("\ufeff" + text, mimetype="text/csv", headers=headers)


class _NothingImported(Exception):
    """Takes back the transaction, and its audit entry, of a file with faults."""

    def __init__(self, report: ImportReport) -> None:
        super().__init__("the file has faults")
        self.report = report


def _imported(implementation: str, data: bytes) -> ImportReport:
    if not data:
        raise Refused("file", "is missing, or empty")
    try:
        with changing(implementation, "agenda.imported") as change:
            report = sessions.import_csv(change.db, change.implementation, data)
            _refuse_faults(report)
            change.detail = {name: getattr(report, name) for name in ("added", "changed", "unchanged")}
    except _NothingImported as nothing:
        return nothing.report
    return report


def _refuse_faults(report: ImportReport) -> None:
    if report.faults:
        raise _NothingImported(report)


def _page(found: Implementation, form: AgendaForm, db: DbSession, *, report: ImportReport | None = None) -> Response:
    return page(
        "agenda.html",
        found,
        title="Agenda",
        form=form,
        agenda=sessions.every(db, found, limit=MOST_SHOWN),
        count=sessions.count(db, found),
        zone=ZoneInfo(found.time_zone),
        faults=report.faults[:MOST_SHOWN] if report else (),
        fault_count=len(report.faults) if report else 0,
        columns=[(heading, field in REQUIRED) for heading, field in COLUMNS.items()],
    )
