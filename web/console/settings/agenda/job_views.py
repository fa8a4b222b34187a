"""The import of a large agenda file: ordered as a background job, followed on its page, and cancelled there."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from flask import Response

from records.agenda import agenda_imports as agenda
from records.agenda.import_size import takes_long
from records.people import actors
from records.plurals import counted
from runner.queues.background_jobs import QueueFull
from runner.queues.job_arguments import OrderRefused
from runner.queues.job_orders import AGENDA_IMPORT
from runner.queues.job_states import CANCELLED, DONE, WAITING, JobState
from web.auth.services import AuthServices
from web.console.commits import by_page
from web.console.settings.agenda.forms import ImportForm
from web.console.settings.views_base import actor, address, blueprint, done, looking, page
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other

NO_JOB = "There is no such import. The page of an import is kept for a day; the agenda shows the last import."
COUNTED = "{added} added, {changed} changed, {unchanged} unchanged, {retired} retired."


def is_for_a_job(implementation: str, sha256: str) -> bool:
    """Say whether the file that this person previewed takes longer to import than a request may."""
    with looking(implementation) as (db, found):
        upload = agenda.upload_of(db, found, actor())
        return upload is not None and upload.sha256 == sha256 and takes_long(upload.content)


def order_import(implementation: str, form: ImportForm) -> Response:
    """Order the import and redirect to its page. A second order of the same import is the same job."""
    wanted = {
        "upload": form.upload.data,
        "dates": form.dates.data or "",
        "retire": form.retire.value,
        "as_of": by_page().as_of,
    }
    try:
        job = AuthServices.here().jobs.order(AGENDA_IMPORT, implementation, actor(), wanted)
    except (OrderRefused, QueueFull) as refused:
        return done(f"Nothing was imported: {refused}.", "agenda", implementation)
    return see_other(address("agenda_job", implementation, job=job))


@blueprint.get("/agenda/jobs/<job>", endpoint="agenda_job")
@needs(Permission.CHANGE_SETTINGS)
def show_job(implementation: str, job: str) -> Response:
    """Show the progress of an import, or how it ended. While it runs, the page refreshes itself."""
    state = _found(implementation, job)
    no_worker = state.state == WAITING and not AuthServices.here().jobs.worker_is_there()
    faults, more_faults = _faults(state)
    with looking(implementation) as (db, found):
        upload = agenda.upload_of(db, found, state.by)
        return page(
            "agenda_job.html",
            found,
            title="Import of the agenda",
            has_times=True,
            above=(("Agenda", "agenda"),),
            job=state,
            by=actors.by_keys(db, [state.by]).get(state.by),
            is_own=state.by == actor(),
            file_waits=upload is not None,
            counts=_counted(state),
            faults=faults,
            more_faults=more_faults,
            no_worker=no_worker,
            refreshes=not state.ended and not no_worker,  # a page that kept refreshing would keep its person signed in
        )


@blueprint.post("/agenda/jobs/<job>/cancel")
@needs(Permission.CHANGE_SETTINGS)
def cancel_job(implementation: str, job: str) -> Response:
    """Cancel an import. Only the person who ordered it may."""
    state = _found(implementation, job)
    if state.by != actor():
        raise HttpProblem(HTTPStatus.FORBIDDEN, "Only the person who started an import can cancel it.")
    AuthServices.here().jobs.cancel(state)
    return see_other(address("agenda_job", implementation, job=job))


def last_job(implementation: str) -> JobState | None:
    """Return this person's last import by a job if the agenda page has to mention it: the agenda shows a finished one."""
    job = AuthServices.here().jobs.newest(AGENDA_IMPORT, implementation, actor())
    return job if job and job.state not in (DONE, CANCELLED) else None


def counts_in_words(counts: Mapping[str, int]) -> str:
    """Return what an import did, as one sentence."""
    return COUNTED.format(**dict(counts) | {"added": counted(counts["added"], "session")})


def _found(implementation: str, job: str) -> JobState:
    state = AuthServices.here().jobs.find(implementation, job)
    if state is None or state.kind != AGENDA_IMPORT:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_JOB)
    return state


def _counted(state: JobState) -> str:
    """Return the numbers of an import that is done, in words."""
    counts = state.result.get("counts")
    if state.state != DONE or not isinstance(counts, dict):
        return ""
    return counts_in_words({name: counts.get(name, 0) for name in ("added", "changed", "unchanged", "retired")})


def _faults(state: JobState) -> tuple[list[str], int]:
    """Return what was wrong with the file, and how many more kinds of faults there are."""
    faults, count = state.result.get("faults"), state.result.get("fault_count")
    if not isinstance(faults, list) or not isinstance(count, int):
        return [], 0
    return [str(line) for line in faults], max(0, count - len(faults))
