"""The pages of rehearsals: those of a version, with the order and how far it is, and the result of one."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, flash

from records import DbSession, Implementation, Version
from records.people import actors
from records.trials import rehearsals
from records.trials.rehearsals import KeptRehearsal
from runner.logins import StoreAway
from runner.queues.background_jobs import QueueFull
from runner.queues.job_orders import REHEARSAL
from runner.queues.job_states import WAITING, JobState
from runner.queues.trial_orders import order_rehearsal
from web.auth.services import AuthServices
from web.console.layout.page_frame import Link, signed_in
from web.console.runs.charts import share
from web.console.scripts.views_base import address, blueprint, page, reading, version_named
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other

from .order_form import MOMENT_WORDS, RehearsalForm, order_of
from .rehearsal_charts import ClockChart
from .report_files import CONTENTS, LEFT_OUT, as_csv, as_json

NO_JOB = "There is no such rehearsal. A running one is kept for a day; the results of those that ended are on the version's page."
NO_REHEARSAL = "There is no such rehearsal. It may have been deleted with the runs of its time."
#: The kinds of files, with their types.
FILES = {"json": "application/json", "csv": "text/csv"}


@blueprint.get("/versions/<int:number>/rehearsals", endpoint="rehearsals")
@needs(Permission.SEE_SCRIPTS)
def of_version(implementation: str, number: int) -> Response:
    """List the rehearsals of a version, with the form that orders another and how far this person's last one is."""
    with reading(implementation) as (db, found):
        return _list(db, found, version_named(db, found, number), RehearsalForm.usual())


@blueprint.post("/versions/<int:number>/rehearsals", endpoint="order_rehearsal")
@needs(Permission.SEE_SCRIPTS)
def order(implementation: str, number: int) -> Response:
    """Order a rehearsal. A second order of the same rehearsal is the same job."""
    form = RehearsalForm()
    with reading(implementation) as (db, found):
        version = version_named(db, found, number)
        arguments = order_of(form, version.sha256)
        if arguments is None:
            return _list(db, found, version, form)
    try:
        order_rehearsal(AuthServices.here().jobs, implementation, arguments, by=signed_in().actor)
    except QueueFull as full:
        flash(f"Nothing was ordered: {full}.", "note")
    return see_other(address("rehearsals", implementation, number=number))


@blueprint.post("/versions/<int:number>/rehearsals/<job>/cancel", endpoint="cancel_rehearsal")
@needs(Permission.SEE_SCRIPTS)
def cancel(implementation: str, number: int, job: str) -> Response:
    """Cancel a rehearsal. Only the person who ordered it may."""
    state = AuthServices.here().jobs.find(implementation, job)
    if state is None or state.kind != REHEARSAL:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_JOB)
    if state.by != signed_in().actor:
        raise HttpProblem(HTTPStatus.FORBIDDEN, "Only the person who started a rehearsal can cancel it.")
    AuthServices.here().jobs.cancel(state)
    return see_other(address("rehearsals", implementation, number=number))


@blueprint.get("/rehearsals/<int:rehearsal>", endpoint="rehearsal")
@needs(Permission.SEE_SCRIPTS)
def result(implementation: str, rehearsal: int) -> Response:
    """Show the report of a rehearsal; to those who may see runs, also whose run each row is an example of."""
    with reading(implementation) as (db, found):
        kept, version = _found(db, found, rehearsal)
        may_see = signed_in().may(Permission.SEE_RUNS, implementation)
        above = (
            Link(f"Version {version.number}", address("one", implementation, number=version.number)),
            Link("Rehearsals", address("rehearsals", implementation, number=version.number)),
        )
        return page(
            "rehearsal.html",
            found,
            title=f"Rehearsal {rehearsal}",
            above=above,
            kept=kept,
            version=version,
            report=kept.report,
            examples=rehearsals.examples(db, kept) if may_see else {},
            clock=ClockChart.of(kept.report),
            share=share,
            moment_words=MOMENT_WORDS,
            contents=CONTENTS,
            left_out=LEFT_OUT,
            names=actors.by_keys(db, [kept.ordered_by]),
        )


@blueprint.get("/rehearsals/<int:rehearsal>/report.<kind>", endpoint="rehearsal_file")
@needs(Permission.SEE_SCRIPTS)
def file(implementation: str, rehearsal: int, kind: str) -> Response:
    """Give the report as a file, JSON or CSV, that names no attendee."""
    if kind not in FILES:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "A report is a file in JSON or CSV.")
    with reading(implementation) as (db, found):
        kept, version = _found(db, found, rehearsal)
        text = as_json(found, kept, version) if kind == "json" else as_csv(kept.report)
        name = f"rehearsal-{found.slug}-{rehearsal}.{kind}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(text, headers=headers, mimetype=FILES[kind])


def _found(db: DbSession, found: Implementation, number: int) -> tuple[KeptRehearsal, Version]:
    kept = rehearsals.find(db, found, number)
    if kept is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_REHEARSAL)
    return kept


def _list(db: DbSession, found: Implementation, version: Version, form: RehearsalForm) -> Response:
    jobs, rows, job = AuthServices.here().jobs, rehearsals.of_version(db, version), _job(found.slug)
    no_worker = job is not None and job.state == WAITING and not jobs.worker_is_there()
    return page(
        "rehearsals.html",
        found,
        title=f"Rehearsals of version {version.number}",
        above=(Link(f"Version {version.number}", address("one", found.slug, number=version.number)),),
        version=version,
        form=form,
        rows=rows,
        job=job,
        no_worker=no_worker,
        refreshes=job is not None and not job.ended and not no_worker,
        names=actors.by_keys(db, [one.ordered_by for one in rows]),
    )


def _job(implementation: str) -> JobState | None:
    """Return the rehearsal that this person ordered last, of any version; None without a store."""
    try:
        return AuthServices.here().jobs.newest(REHEARSAL, implementation, signed_in().actor)
    except StoreAway:
        return None
