"""Reading an image of a badge: uploaded, read by a background job, and followed on its page."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response

from records import RuleViolation
from records.attendance import badge_setup
from records.plurals import counted
from runner.attendance.image_codes import LARGEST_IMAGE
from runner.queues.background_jobs import QueueFull
from runner.queues.job_arguments import OrderRefused
from runner.queues.job_orders import BADGE_IMAGE
from runner.queues.job_states import CANCELLED, DONE, WAITING, JobState
from web.auth.services import AuthServices
from web.console.layout import page_frame
from web.console.settings.badges.forms import ImageForm
from web.console.settings.views_base import actor, address, blueprint, done, looking, page
from web.permissions import Permission, needs, takes
from web.problem_details import HttpProblem
from web.redirects import see_other

NO_JOB = "There is no such image. The page of an image is kept for a day; its codes are among the examples."
#: Bytes of a form around the largest image.
FORM_BYTES = LARGEST_IMAGE + 64 * 1024


@blueprint.post("/settings/badges/image")
@needs(Permission.CHANGE_SETTINGS)
@takes(body=FORM_BYTES)
def upload_badge(implementation: str) -> Response:
    """Keep an image, order that its codes are read, and redirect to the page of that job."""
    form = ImageForm()
    image = form.image.value
    if not image or len(image) > LARGEST_IMAGE:
        return done("Choose an image of at most 10 MB.", "badges", implementation)
    with AuthServices.here().database.session() as db:
        found = page_frame.implementation_named(db, implementation)
        digest = badge_setup.keep_image(db, found, actor(), image).sha256
    try:
        job = AuthServices.here().jobs.order(BADGE_IMAGE, implementation, actor(), {"image": digest})
    except (OrderRefused, QueueFull, RuleViolation) as refused:
        return done(f"The image was not read: {refused}.", "badges", implementation)
    return see_other(address("badge_job", implementation, job=job))


@blueprint.get("/settings/badges/images/<job>", endpoint="badge_job")
@needs(Permission.CHANGE_SETTINGS)
def show_badge_job(implementation: str, job: str) -> Response:
    """Show whether the codes of an image were read. While the job runs, the page refreshes itself."""
    state = _found(implementation, job)
    no_worker = state.state == WAITING and not AuthServices.here().jobs.worker_is_there()
    with looking(implementation) as (_, found):
        return page(
            "badge_job.html",
            found,
            title="Codes in an image",
            has_times=True,
            above=(("Settings", "settings"), ("Badges", "badges")),
            job=state,
            is_own=state.by == actor(),
            added=_added(state),
            no_worker=no_worker,
            refreshes=not state.ended and not no_worker,
        )


@blueprint.post("/settings/badges/images/<job>/cancel")
@needs(Permission.CHANGE_SETTINGS)
def cancel_badge_job(implementation: str, job: str) -> Response:
    """Cancel the reading of an image. Only the person who uploaded it may."""
    state = _found(implementation, job)
    if state.by != actor():
        raise HttpProblem(HTTPStatus.FORBIDDEN, "Only the person who uploaded an image can cancel it.")
    AuthServices.here().jobs.cancel(state)
    return see_other(address("badge_job", implementation, job=job))


def last_job(implementation: str) -> JobState | None:
    """Return this person's last image if the page has to mention it: one that is not read yet, or could not be."""
    job = AuthServices.here().jobs.newest(BADGE_IMAGE, implementation, actor())
    return job if job and job.state not in (DONE, CANCELLED) else None


def added_words(added: int, known: int) -> str:
    """Say how many examples are new."""
    words = f"{counted(added, 'example')} added." if added else "Nothing was added."
    return f"{words} {counted(known, 'code')} had been added before." if known else words


def _found(implementation: str, job: str) -> JobState:
    state = AuthServices.here().jobs.find(implementation, job)
    if state is None or state.kind != BADGE_IMAGE:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_JOB)
    return state


def _added(state: JobState) -> str:
    added, known = state.result.get("added"), state.result.get("known")
    return added_words(added, known) if isinstance(added, int) and isinstance(known, int) else ""
