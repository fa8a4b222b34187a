"""Pages of the roster: who is on it, and its import from a file with a preview."""

from __future__ import annotations

from flask import Response

from records import DbSession, Implementation, RuleViolation
from records.agenda.file_faults import grouped
from records.agenda.file_tables import LARGEST_FILE
from records.attendance.roster import roster_file, roster_imports, roster_search
from records.attendance.roster.roster_imports import ReadRoster, RosterPlan
from records.changes.after_commit import AfterCommit
from records.changes.attendance import rosters as changes
from records.plurals import counted
from web.auth.services import AuthServices
from web.console.commits import by_page, commit_to
from web.console.layout import page_frame
from web.console.layout.list_query import ROWS, Listing
from web.console.settings.general.views import ABOVE
from web.console.settings.roster.forms import RosterImportForm, RosterSearchForm, RosterUploadForm
from web.console.settings.views_base import UNCHANGED, actor, address, ask, blueprint, done, looking, page
from web.permissions import Permission, needs, takes
from web.redirects import see_other

#: Bytes of a form around the largest file.
FORM_BYTES = LARGEST_FILE + 64 * 1024
#: Kinds of faults, and people of each kind, that a page shows; the rest are counted.
MOST_FAULTS, MOST_PEOPLE = 100, 20
AGAIN = "Upload the file again: it was imported, replaced, or waited for more than a day."
COUNTS = "The list is imported: {added} added, {changed} changed, {unchanged} unchanged, {removed} removed."


@blueprint.get("/settings/roster", endpoint="roster")
@needs(Permission.SEE_PEOPLE)
def show_roster(implementation: str) -> Response:
    """List the people of the roster, and offer to import a file."""
    with looking(implementation) as (db, found):
        return _page(db, found, RosterUploadForm(formdata=None))


@blueprint.post("/settings/roster")
@needs(Permission.CHANGE_SETTINGS)
@takes(body=FORM_BYTES)
def upload_roster(implementation: str) -> Response:
    """Store a file for its preview. Nothing is imported yet."""
    form = RosterUploadForm()
    data = form.file.value
    if not data:
        form.refuse(RuleViolation("file", "is missing, or empty"))
        with looking(implementation) as (db, found):
            return _page(db, found, form)
    with AuthServices.here().database.session() as db:
        found = page_frame.implementation_named(db, implementation)
        roster_imports.keep_upload(db, found, actor(), form.file.data.filename or "", data)
    return see_other(address("check_roster", implementation))


@blueprint.get("/settings/roster/check")
@needs(Permission.CHANGE_SETTINGS)
def check_roster(implementation: str) -> Response:
    """Show what was understood of the uploaded file, what is wrong with it, and what an import would do."""
    stored = _stored_file(implementation)
    if stored is None:
        return done(AGAIN, "roster", implementation)
    return _check_page(implementation, *stored, RosterImportForm(formdata=None))


@blueprint.post("/settings/roster/import")
@needs(Permission.CHANGE_SETTINGS)
def import_roster(implementation: str) -> Response:
    """Import the previewed file: all of it, or nothing if it has a fault."""
    form, stored = RosterImportForm(), _stored_file(implementation)
    if stored is None or stored[1].sha256 != form.upload.data:
        return done(AGAIN, "roster", implementation)
    file_name, file = stored

    def change(db: DbSession, found: Implementation) -> AfterCommit[RosterPlan]:
        after = changes.import_file(db, found, file, by_page(), remove=form.remove.value, file_name=file_name)
        if not after.value.faults:
            roster_imports.drop_upload(db, found, actor())
        return after

    try:
        plan = commit_to(implementation, change).value
    except RuleViolation as refused:
        return done(f"Nothing was imported: {refused.reason}.", "roster", implementation)
    if plan.faults:
        return _check_page(implementation, file_name, file, form)
    return done(COUNTS.format(**plan.counts), "roster", implementation)


@blueprint.get("/settings/roster/clear")
@needs(Permission.CHANGE_SETTINGS)
def ask_clear(implementation: str) -> Response:
    """Ask whether the whole roster should be deleted, and say what that does."""
    with looking(implementation) as (db, found):
        people = counted(roster_search.count(db, found), "person")
        effects = [
            f"{people} on the list, with names, addresses and registration types, will be deleted. It cannot be undone.",
            "Scans keep the names that they have. Badges that show an ID only get no names from now on.",
        ]
        return ask(found, "Delete the list", effects, verb="Delete the list", back=address("roster", implementation))


@blueprint.post("/settings/roster/clear")
@needs(Permission.CHANGE_SETTINGS)
def clear_roster(implementation: str) -> Response:
    """Delete the whole roster."""
    try:
        after = commit_to(implementation, lambda db, found: changes.clear(db, found, by_page()))
    except RuleViolation as refused:
        return done(f"Nothing was deleted: {refused.reason}.", "roster", implementation)
    words = f"The list is deleted: {counted(after.value, 'person')}." if after.made else UNCHANGED
    return done(words, "roster", implementation)


def _stored_file(implementation: str) -> tuple[str, ReadRoster] | None:
    """Read this person's stored file; None if there is none."""
    with looking(implementation) as (db, found):
        upload = roster_imports.upload_of(db, found, actor())
    return None if upload is None else (upload.file_name, roster_imports.read(upload.content))


def _page(db: DbSession, found: Implementation, form: RosterUploadForm) -> Response:
    search = RosterSearchForm.of_request()
    listing = Listing.of_request((), "", text=search.q.value)
    offset = (listing.page - 1) * ROWS
    rows = roster_search.listed(db, found, listing.text, limit=ROWS + 1, offset=offset)
    return page(
        "roster.html",
        found,
        title="Attendee list",
        has_times=True,
        above=ABOVE,
        form=form,
        search_form=search,
        listing=listing,
        rows=rows[:ROWS],
        more=len(rows) > ROWS,
        count=roster_search.count(db, found),
        columns=roster_file.COLUMNS,
        required=roster_file.REQUIRED,
    )


def _check_page(implementation: str, file_name: str, file: ReadRoster, form: RosterImportForm) -> Response:
    with looking(implementation) as (db, found):
        plan = roster_imports.plan(db, found, file, remove=form.remove.value)
        if plan.faults:
            form.complain("file", f"cannot be imported: {counted(len(plan.faults), 'fault')}, listed below")
        form.upload.data = file.sha256
        groups = grouped(plan.faults)
        return page(
            "roster_check.html",
            found,
            title="Check the attendee list",
            above=(*ABOVE, ("Attendee list", "roster")),
            form=form,
            file_name=file_name,
            plan=plan,
            groups=groups[:MOST_FAULTS],
            group_count=len(groups),
            labels=roster_file.LABELS,
            most=MOST_PEOPLE,
        )
