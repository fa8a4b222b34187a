"""Orders trials: of a submission, after it is handed in and whenever a reviewer wants newer results; and rehearsals."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from records.changes.scripts.submissions import Submitted
from runner.store.errors import StoreAway

from .background_jobs import BackgroundQueue, QueueFull
from .job_arguments import RehearsalArguments
from .job_orders import REHEARSAL, SUBMISSION_TRIAL
from .job_states import JobState

#: On how many of the newest runs a submission is tried, unless somebody orders another number.
EARLIER_RUNS = 500

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrialOrder:
    """The trial of a submission: its number, the SHA-256 of its text, and on how many earlier runs it is tried."""

    submission: int
    sha256: str
    runs: int = EARLIER_RUNS

    @property
    def arguments(self) -> dict[str, Any]:
        """The arguments of the job."""
        return {"submission": self.submission, "version": self.sha256, "runs": self.runs}


def order_trial(jobs: BackgroundQueue, implementation: str, order: TrialOrder, *, by: str) -> str:
    """Order a trial and return the job's id. Raises `QueueFull` and `StoreAway`."""
    return jobs.order(SUBMISSION_TRIAL, implementation, by, order.arguments)


def trial_of(jobs: BackgroundQueue, implementation: str, order: TrialOrder, *, by: Sequence[str]) -> JobState | None:
    """Return the trial of a submission, on any number of runs, that one of these people ordered, an open one first.

    None if there is none. Raises `StoreAway`.
    """
    found = [jobs.last_of_same(SUBMISSION_TRIAL, implementation, one, order.arguments) for one in dict.fromkeys(by)]
    known = [job for job in found if job is not None]
    return min(known, key=lambda job: (job.ended, -job.ordered_at), default=None)


def order_first_trial(jobs: BackgroundQueue, implementation: str, made: Submitted) -> None:
    """Order the trial of a new submission. If that fails, the submission waits all the same, and a reviewer can order it."""
    number, by = made.submission.number, made.submission.submitted_by
    try:
        order_trial(jobs, implementation, TrialOrder(number, made.version.sha256), by=by)
    except (QueueFull, StoreAway) as away:
        log.warning("trial not ordered implementation=%s submission=%d why=%s", implementation, number, away)


def order_rehearsal(jobs: BackgroundQueue, implementation: str, arguments: RehearsalArguments, *, by: str) -> str:
    """Order a rehearsal and return the job's id. Raises `QueueFull` and `StoreAway`."""
    return jobs.order(REHEARSAL, implementation, by, asdict(arguments))
