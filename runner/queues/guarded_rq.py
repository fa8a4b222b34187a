"""What both queues have in common: a job cannot make RQ do anything beyond running it, and the maintenance lock is short.

Anyone who can write to the store can write a job. Our jobs have no callback, webhook, repetition or dependency. A job
that has one fails when it is run, and these are removed before RQ looks at them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from rq import Queue
from rq.job import Job

#: Seconds of the maintenance lock. If a worker is killed while it holds RQ's own lock, the others wait for 15 minutes.
MAINTENANCE_LOCK_S = 60


class GuardedJob(Job):
    """A job that RQ only runs. If it asks for anything else, it fails when it is run."""

    #: The function that runs the job, set by the worker. Nothing is ever imported by the name in a job.
    run: ClassVar[Callable[..., None] | None] = None
    #: Whether jobs of this queue use RQ's rate limit.
    takes_turns: ClassVar[bool] = False
    refused: str = ""

    def restore(self, raw_data: Any) -> Any:
        """Read what is in Redis; note and remove what we never write."""
        super().restore(raw_data)
        found = {
            "a callback": self._success_callback_name or self._failure_callback_name or self._stopped_callback_name,
            "a webhook": self.webhooks,
            "a repetition": self.repeats_left or self.retries_left,
            "a dependency": self._dependency_ids,
            "a turn": self.rate_limit_key and not self.takes_turns,
        }
        self.refused = ", ".join(what for what, present in found.items() if present)
        self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = None
        self.webhooks, self.repeats_left, self.retries_left, self._dependency_ids = [], None, None, []
        if not self.takes_turns:
            self.rate_limit_key = self.rate_limit_concurrency = None


class GuardedQueue(Queue):
    """RQ's queue with a shorter lock for its maintenance."""

    def acquire_maintenance_lock(self) -> bool:
        """Say whether this worker may do the maintenance now."""
        return bool(self.connection.set(self.registry_cleaning_key, 1, nx=True, ex=MAINTENANCE_LOCK_S))
