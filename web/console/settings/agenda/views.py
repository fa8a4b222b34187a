"""Pages of the agenda: what is there, uploading a file, downloading the agenda, undoing the last import."""

from __future__ import annotations

from flask import Response

from records import DbSession, Implementation, RuleViolation
from records.agenda import agenda_imports as agenda
from records.agenda import sessions
from records.agenda.file_tables import LARGEST_FILE
from records.agenda.headings import COLUMNS, REQUIRED
from records.changes import agenda as changes
from records.people import actors
from records.plurals import counted, form
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to
from web.console.layout import page_frame
from web.console.settings.agenda import job_views
from web.console.settings.agenda.forms import UploadForm
from web.console.settings.views_base import actor, address, ask, blueprint, done, looking, page
from web.permissions import Permission, needs, takes
from web.redirects import see_other

#: Bytes of a form around the largest file.
FORM_BYTES = LARGEST_FILE + 64 * 1024

#: Sessions that a page shows; the rest are counted.
MOST_SHOWN = 100


@blueprint.get("/agenda", endpoint="agenda")
@needs(Permission.SEE_SETTINGS)
def show_agenda(implementation: str) -> Response:
    """Show the sessions, the last import, and how to import a file."""
    with looking(implementation) as (db, found):
        return _page(found, UploadForm(formdata=None), db)


@blueprint.post("/agenda")
@needs(Permission.CHANGE_SETTINGS)
@takes(body=FORM_BYTES)
def upload_agenda(implementation: str) -> Response:
    """Store a file for its preview. Nothing is imported yet."""
    form = UploadForm()
    data = form.file.value
    if not data:
        form.refuse(RuleViolation("file", "is missing, or empty"))
        with looking(implementation) as (db, found):
            return _page(found, form, db)
    with AuthServices.here().database.session() as db:
        found = page_frame.implementation_named(db, implementation)
        agenda.keep_upload(db, found, actor(), form.file.data.filename or "", data)
    return see_other(address("check_agenda", implementation, dates=form.dates.value))


@blueprint.get("/agenda.csv")
@needs(Permission.SEE_SETTINGS)
def export_agenda(implementation: str) -> Response:
    """Give the agenda as the file that can be imported again."""
    with looking(implementation) as (db, found):
        text = agenda.export_csv(db, found)
    headers = {
        "Content-Disposition": f'attachment; filename="{implementation}-agenda.csv"',
        "Cache-Control": "no-store",
    }
    return Response("\ufeff" + text, mimetype="text/csv", headers=headers)


@blueprint.get("/agenda/undo/<int:number>")
@needs(Permission.CHANGE_SETTINGS)
def ask_undo(implementation: str, number: int) -> Response:
    """Ask whether the last import should be undone, and say what that does."""
    with looking(implementation) as (db, found):
        last = agenda.last_import(db, found)
        if last is None or last.id != number:
            return done("That import can no longer be undone.", "agenda", implementation)
        counts = last.counts
        about = (
            f"The import of {last.file_name or 'the agenda'} by {actors.in_words(db, last.imported_by)} added "
            f"{counted(counts['added'], 'session')}, changed {counts['changed']} and retired {counts['retired']}."
        )
        effect = (
            "Undoing it puts the changed and retired sessions back as they were. The added ones are retired, so that they "
            "are no longer served. Importing the file again brings everything back."
        )
        return ask(
            found,
            "Undo the last import",
            [about, effect],
            verb="Undo the import",
            back=address("agenda", implementation),
        )


@blueprint.post("/agenda/undo/<int:number>")
@needs(Permission.CHANGE_SETTINGS)
def undo_import(implementation: str, number: int) -> Response:
    """Undo the last import, if it is still the one that the person saw."""
    try:
        counts = commit_to(implementation, lambda db, found: changes.undo(db, found, by_page(), number=number)).value
    except RuleViolation:
        return done("That import can no longer be undone.", "agenda", implementation)
    as_before, added = (counts[name] for name in ("put_back", "retired"))
    notice = (
        f"The import is undone: {counted(as_before, 'session')} {form(as_before, 'is')} as before, "
        f"{added} that it had added {form(added, 'is')} retired."
    )
    return done(notice, "agenda", implementation)


def _page(found: Implementation, form: UploadForm, db: DbSession) -> Response:
    last = agenda.last_import(db, found)
    return page(
        "agenda.html",
        found,
        title="Agenda",
        has_times=True,
        form=form,
        agenda=sessions.every(db, found, limit=MOST_SHOWN),
        count=sessions.count(db, found),
        retired=sessions.count(db, found, retired=True),
        last=last,
        job=job_views.last_job(found.slug)
        if page_frame.signed_in().may(Permission.CHANGE_SETTINGS, found.slug)
        else None,
        people=actors.by_keys(db, [last.imported_by] if last else ()),
        columns=[(heading, field in REQUIRED) for heading, field in COLUMNS.items()],
    )
