"""What our queues have in common: a job carries nothing that RQ would follow beyond it, and tidying up is locked briefly.

Anyone who can write to the store can write a job. So a job of ours has no callback, webhook, repetition or dependency; one
that has any fails when it is run, and what it asks for is dropped before RQ looks at it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from rq import Queue
from rq.job import Job

#: Of a worker killed while it tidied up, the lock would keep the others from it for RQ's 15 minutes.
TIDYING_S = 60


class GuardedJob(Job):
    """A job of one of our kinds. One that is anything else fails when it is run, and is never followed."""

    #: What runs the job, set by the worker; nothing is ever imported by the name in a job.
    run: ClassVar[Callable[..., None] | None] = None
    #: Whether jobs of this queue wait for their turn by a rate limit of RQ.
    takes_turns: ClassVar[bool] = False
    refused: str = ""

    def restore(self, raw_data: Any) -> Any:
        """Read what is in Redis, and note what we never write."""
        super().restore(raw_data)
        asked = {
            "a callback": self._success_callback_name or self._failure_callback_name or self._stopped_callback_name,
            "a webhook": self.webhooks,
            "a repetition": self.repeats_left or self.retries_left,
            "a dependency": self._dependency_ids,
            "a turn": self.rate_limit_key and not self.takes_turns,
        }
        self.refused = ", ".join(what for what, there in asked.items() if there)
        self._success_callback_name = self._failure_callback_name = self._stopped_callback_name = None
        self.webhooks, self.repeats_left, self.retries_left, self._dependency_ids = [], None, None, []
        if not self.takes_turns:
            self.rate_limit_key = self.rate_limit_concurrency = None


class GuardedQueue(Queue):
    """RQ's queue with a shorter lock for its maintenance."""

    def acquire_maintenance_lock(self) -> bool:
        """Whether this worker is the one that tidies up."""
        return bool(self.connection.set(self.registry_cleaning_key, 1, nx=True, ex=TIDYING_S))
