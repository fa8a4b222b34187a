"""Orders the trial of a submission: after it is handed in, and whenever a reviewer wants to see newer results."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from records.changes.scripts.submissions import Submitted
from runner.store.errors import StoreAway

from .background_jobs import BackgroundQueue, QueueFull
from .job_orders import SUBMISSION_TRIAL
from .job_states import JobState

#: On how many of the newest runs a submission is tried.
EARLIER_RUNS = 500

log = logging.getLogger(__name__)


def order_trial(jobs: BackgroundQueue, implementation: str, *, submission: int, sha256: str, by: str) -> str:
    """Order the trial of a submission (its number, and the SHA-256 of its text) and return the job's id.

    Raises `QueueFull` and `StoreAway`.
    """
    return jobs.order(SUBMISSION_TRIAL, implementation, by, _arguments(submission, sha256))


def trial_of(
    jobs: BackgroundQueue, implementation: str, *, submission: int, sha256: str, by: Sequence[str]
) -> JobState | None:
    """Return the trial of a submission that one of these people ordered, an open one first; None if there is none.

    Raises `StoreAway`.
    """
    arguments = _arguments(submission, sha256)
    found = [jobs.last_of_same(SUBMISSION_TRIAL, implementation, one, arguments) for one in dict.fromkeys(by)]
    known = [job for job in found if job is not None]
    return min(known, key=lambda job: (job.ended, -job.ordered_at), default=None)


def order_first_trial(jobs: BackgroundQueue, implementation: str, made: Submitted) -> None:
    """Order the trial of a new submission. If that fails, the submission waits all the same, and a reviewer can order it."""
    number, by = made.submission.number, made.submission.submitted_by
    try:
        order_trial(jobs, implementation, submission=number, sha256=made.version.sha256, by=by)
    except (QueueFull, StoreAway) as away:
        log.warning("trial not ordered implementation=%s submission=%d why=%s", implementation, number, away)


def _arguments(submission: int, sha256: str) -> dict[str, Any]:
    return {"submission": submission, "version": sha256, "runs": EARLIER_RUNS}
