"""The preview of an uploaded agenda file, and its import.

The file waits in the records between the two. It is read outside of any transaction, because that may take seconds.
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
class _Waiting:
    """The uploaded file as it was read."""

    file_name: str
    said: ReadAgenda


@blueprint.get("/agenda/check")
@needs(Permission.CHANGE_SETTINGS)
def check_agenda(implementation: str) -> Response:
    """Show what was understood of the uploaded file, what is wrong with it, and what an import would do."""
    form = ImportForm(formdata=None)
    order = request.args.get("dates") or dates.AUTO
    try:
        waiting = _waiting(implementation, order)
    except RuleViolation as refused:
        form.refuse(refused)
        order = dates.AUTO
        waiting = _waiting(implementation, order)
    if waiting is None:
        return done(AGAIN, "agenda", implementation)
    return _page(implementation, waiting, form, order)


@blueprint.post("/agenda/import")
@needs(Permission.CHANGE_SETTINGS)
def import_agenda(implementation: str) -> Response:
    """Import the file that was looked at: all of it, or with any fault nothing. A large one is imported by a background job."""
    form = ImportForm()
    if job_views.is_for_a_job(implementation, form.upload.data or ""):
        return job_views.order_import(implementation, form)
    try:
        waiting = _waiting(implementation, form.dates.data or "")
        if waiting is None or waiting.said.sha256 != form.upload.data:
            return done(AGAIN, "agenda", implementation)
        plan = _imported(implementation, waiting, retire=form.retire.value)
    except RuleViolation as refused:
        return done(f"Nothing was imported: {refused.reason}.", "agenda", implementation)
    if plan.faults:
        return _page(implementation, waiting, form, form.dates.data)
    said = "{added} added, {changed} changed, {unchanged} unchanged, {retired} retired."
    counts = plan.counts | {"added": counted(plan.counts["added"], "session")}
    return done(said.format(**counts), "agenda", implementation)


def _waiting(implementation: str, order: str) -> _Waiting | None:
    """Read this person's file; None if there is none. Raises RuleViolation for an order that there is not."""
    with looking(implementation) as (db, found):
        upload = agenda.upload_of(db, found, actor())
        zone = found.time_zone
    return None if upload is None else _Waiting(upload.file_name, agenda.read(upload.content, zone, order))


def _imported(implementation: str, waiting: _Waiting, *, retire: bool) -> ImportPlan:
    def change(db: DbSession, found: Implementation) -> AfterCommit[ImportPlan]:
        after = changes.import_file(db, found, waiting.said, by_page(), retire=retire, file_name=waiting.file_name)
        if not after.value.faults:
            agenda.drop_upload(db, found, actor())
        return after

    return commit_to(implementation, change).value


def _why_not(plan: ImportPlan) -> str:
    if plan.dates.open is not None:
        return "cannot be imported before it is known how its dates are written: choose it below"
    return f"cannot be imported: {counted(len(plan.faults), 'fault')}, listed below"


def _page(implementation: str, waiting: _Waiting, form: ImportForm, order: str) -> Response:
    with looking(implementation) as (db, found):
        plan = agenda.plan(db, found, waiting.said, retire=form.retire.value)
        if plan.faults:
            form.complain("file", _why_not(plan))
        form.upload.data, form.dates.data = waiting.said.sha256, order
        groups = grouped(plan.faults)
        zone = ZoneInfo(found.time_zone)
        return page(
            "agenda_check.html",
            found,
            title="Check the agenda file",
            has_times=True,
            below=(("Agenda", "agenda"),),
            form=form,
            orders=OrderForm(formdata=None, data={"dates": plan.dates.order}),
            chosen=order != dates.AUTO,
            file_name=waiting.file_name,
            plan=plan,
            groups=groups[:MOST_SHOWN],
            group_count=len(groups),
            order_words=dates.ORDER_WORDS.get(plan.dates.order, ""),
            readings=dates.both_ways(plan.dates.open.text, zone) if plan.dates.open else (),
            parts=import_preview.parts(plan, TimeFormatter.of(found)),
        )
