"""The page of a submission's trial: its results, how far a running one is, and the button that orders another."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, flash

from records import DbSession, Implementation
from records.people import actors
from records.scripts.submissions import Submission
from records.scripts.versions import Version
from runner.logins import StoreAway
from runner.queues.background_jobs import QueueFull
from runner.queues.job_arguments import MOST_RUNS
from runner.queues.job_orders import SUBMISSION_TRIAL
from runner.queues.job_states import WAITING, JobState
from runner.queues.trial_orders import EARLIER_RUNS, TrialOrder, order_trial, trial_of
from web.auth.services import AuthServices
from web.console.layout.page_frame import Link, signed_in
from web.console.scripts.views_base import address, blueprint, page, reading, submission_named
from web.forms.base_form import BaseForm
from web.forms.fields import WholeNumberField
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other

from .trial_results import TrialResults

NO_JOB = "There is no such trial. The page of a trial is kept for a day; its results stay with the submission."


class TrialForm(BaseForm):
    """On how many of the newest runs the text is tried."""

    runs = WholeNumberField("Earlier runs", description=f"1 to {MOST_RUNS} of the newest.")

    @classmethod
    def usual(cls) -> TrialForm:
        """Return the form as a page first shows it."""
        form = cls(formdata=None)
        form.runs.data = str(EARLIER_RUNS)
        return form


@blueprint.get("/submissions/<int:number>/trial")
@needs(Permission.SEE_SCRIPTS)
def trial(implementation: str, number: int) -> Response:
    """Show what the script can show and what it would change. While a trial runs, the page refreshes itself."""
    with reading(implementation) as (db, found):
        return _page(db, found, number, TrialForm.usual())


@blueprint.post("/submissions/<int:number>/trial")
@needs(Permission.REVIEW_SCRIPTS)
def try_submission(implementation: str, number: int) -> Response:
    """Order a trial on so many earlier runs. A second order of the same trial is the same job."""
    form = TrialForm()
    runs = form.runs.value
    with reading(implementation) as (db, found):
        _, version = submission_named(db, found, number)
        order = TrialOrder(number, version.sha256, runs if type(runs) is int else 0)
        if not 1 <= order.runs <= MOST_RUNS:
            form.complain("runs", f"must be a whole number from 1 to {MOST_RUNS}")
            return _page(db, found, number, form)
    try:
        order_trial(AuthServices.here().jobs, implementation, order, by=signed_in().actor)
    except QueueFull as full:
        flash(f"Nothing was ordered: {full}.", "note")
    return see_other(address("trial", implementation, number=number))


@blueprint.post("/submissions/<int:number>/trial/<job>/cancel")
@needs(Permission.SEE_SCRIPTS)
def cancel_trial(implementation: str, number: int, job: str) -> Response:
    """Cancel a trial. Only the person who ordered it may."""
    state = AuthServices.here().jobs.find(implementation, job)
    if state is None or state.kind != SUBMISSION_TRIAL:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_JOB)
    if state.by != signed_in().actor:
        raise HttpProblem(HTTPStatus.FORBIDDEN, "Only the person who started a trial can cancel it.")
    AuthServices.here().jobs.cancel(state)
    return see_other(address("trial", implementation, number=number))


def _page(db: DbSession, found: Implementation, number: int, form: TrialForm) -> Response:
    jobs = AuthServices.here().jobs
    submission, version = submission_named(db, found, number)
    job = _job(found.slug, submission, version)
    no_worker = job is not None and job.state == WAITING and not jobs.worker_is_there()
    return page(
        "trial.html",
        found,
        title=f"Trial of submission {number}",
        above=(Link(f"Submission {number}", address("submission", found.slug, number=number)),),
        form=form,
        submission=submission,
        version=version,
        results=TrialResults.of(submission),
        job=job,
        is_own=job is not None and job.by == signed_in().actor,
        by=actors.by_keys(db, [job.by]).get(job.by) if job else None,
        no_worker=no_worker,
        refreshes=job is not None and not job.ended and not no_worker,
    )


def _job(implementation: str, submission: Submission, version: Version) -> JobState | None:
    """Return the newest trial of this text that this person ordered, or the one who submitted it; an open one first."""
    by = (signed_in().actor, submission.submitted_by)
    try:
        return trial_of(AuthServices.here().jobs, implementation, TrialOrder(submission.number, version.sha256), by=by)
    except StoreAway:  # then the page shows the results that are kept
        return None
