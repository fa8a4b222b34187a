"""The preview of an uploaded agenda file, and its import.

The file is stored in the database between the two. It is read outside any transaction, because that may take seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import Response, request

from records import DbSession, Implementation, ImportPlan, RuleViolation
from records.agenda import agenda_imports as agenda
from records.agenda import dates
from records.agenda.agenda_imports import ReadAgenda
from records.agenda.file_faults import grouped
from records.changes import agenda as changes
from records.changes.after_commit import AfterCommit
from records.plurals import counted
from web.console.commits import by_page, commit_to
from web.console.settings.agenda import import_preview, job_views
from web.console.settings.agenda.forms import ImportForm, OrderForm
from web.console.settings.views_base import actor, blueprint, done, looking, page
from web.permissions import Permission, needs
from web.time_format import TimeFormatter

#: Kinds of faults that a page shows; the rest are counted.
MOST_SHOWN = 100
AGAIN = "Upload the file again: it was imported, replaced, or waited for more than a day."


@dataclass(frozen=True)
class _StoredFile:
    """The uploaded file as it was read."""

    file_name: str
    read: ReadAgenda


@blueprint.get("/agenda/check")
@needs(Permission.CHANGE_SETTINGS)
def check_agenda(implementation: str) -> Response:
    """Show what was understood of the uploaded file, what is wrong with it, and what an import would do."""
    form = ImportForm(formdata=None)
    order = request.args.get("dates") or dates.AUTO
    try:
        stored = _stored_file(implementation, order)
    except RuleViolation as refused:
        form.refuse(refused)
        order = dates.AUTO
        stored = _stored_file(implementation, order)
    if stored is None:
        return done(AGAIN, "agenda", implementation)
    return _page(implementation, stored, form, order)


@blueprint.post("/agenda/import")
@needs(Permission.CHANGE_SETTINGS)
def import_agenda(implementation: str) -> Response:
    """Import the previewed file: all of it, or nothing if it has a fault. A background job imports a large one."""
    form = ImportForm()
    if job_views.is_for_a_job(implementation, form.upload.data or ""):
        return job_views.order_import(implementation, form)
    try:
        stored = _stored_file(implementation, form.dates.data or "")
        if stored is None or stored.read.sha256 != form.upload.data:
            return done(AGAIN, "agenda", implementation)
        plan = _imported(implementation, stored, retire=form.retire.value)
    except RuleViolation as refused:
        return done(f"Nothing was imported: {refused.reason}.", "agenda", implementation)
    if plan.faults:
        return _page(implementation, stored, form, form.dates.data)
    return done(job_views.counts_in_words(plan.counts), "agenda", implementation)


def _stored_file(implementation: str, order: str) -> _StoredFile | None:
    """Read this person's stored file; None if there is none. Raises RuleViolation for an unknown order of dates."""
    with looking(implementation) as (db, found):
        upload = agenda.upload_of(db, found, actor())
        zone = found.time_zone
    return None if upload is None else _StoredFile(upload.file_name, agenda.read(upload.content, zone, order))


def _imported(implementation: str, stored: _StoredFile, *, retire: bool) -> ImportPlan:
    def change(db: DbSession, found: Implementation) -> AfterCommit[ImportPlan]:
        after = changes.import_file(db, found, stored.read, by_page(), retire=retire, file_name=stored.file_name)
        if not after.value.faults:
            agenda.drop_upload(db, found, actor())
        return after

    return commit_to(implementation, change).value


def _why_not(plan: ImportPlan) -> str:
    if plan.dates.open is not None:
        return "cannot be imported until you choose below how its dates are written"
    return f"cannot be imported: {counted(len(plan.faults), 'fault')}, listed below"


def _page(implementation: str, stored: _StoredFile, form: ImportForm, order: str) -> Response:
    with looking(implementation) as (db, found):
        plan = agenda.plan(db, found, stored.read, retire=form.retire.value)
        if plan.faults:
            form.complain("file", _why_not(plan))
        form.upload.data, form.dates.data = stored.read.sha256, order
        groups = grouped(plan.faults)
        zone = ZoneInfo(found.time_zone)
        return page(
            "agenda_check.html",
            found,
            title="Check the agenda file",
            has_times=True,
            above=(("Agenda", "agenda"),),
            form=form,
            orders=OrderForm(formdata=None, data={"dates": plan.dates.order}),
            chosen=order != dates.AUTO,
            file_name=stored.file_name,
            plan=plan,
            groups=groups[:MOST_SHOWN],
            group_count=len(groups),
            order_words=dates.ORDER_WORDS.get(plan.dates.order, ""),
            readings=dates.both_ways(plan.dates.open.text, zone) if plan.dates.open else (),
            parts=import_preview.parts(plan, TimeFormatter.of(found)),
        )
