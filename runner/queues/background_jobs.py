"""The queue of background jobs: work that a person has ordered and that takes longer than a request may.

The queue has its own worker processes, so that no order can delay a status. Like the status queue it runs named
functions only, and RQ never repeats a job: if its worker dies, the job has failed, and the person can order it again.
Implementations take turns (`job_turns`). The progress of a job is in `job_states`; RQ only keeps its position in the queue.
"""

from __future__ import annotations

import logging
import secrets
import time
from functools import partial
from typing import Any

from redis import Redis
from rq import Queue
from rq.exceptions import InvalidJobOperation
from rq.job import Job
from rq.serializers import JSONSerializer

from runner.store.errors import answering
from runner.store.worker_heartbeat import BACKGROUND, workers_present

from .guarded_rq import GuardedJob, GuardedQueue
from .job_arguments import OrderRefused
from .job_orders import KEPT_S, KINDS, JobOrder, OrderSigner, same_orders
from .job_states import JobState, JobStates
from .job_turns import JobTurns
from .thread_worker import ThreadWorker

QUEUE = BACKGROUND
#: Jobs that may be open at one time: of one implementation, and of all implementations together.
MOST, MOST_IN_TOTAL = 5, 100
#: Seconds that a job may exceed its time limit before its worker is assumed dead.
MARGIN_S = 30
FAILED_S = 60

CANCELLED_WAITING = "Cancelled before it had begun."

log = logging.getLogger(__name__)


class QueueFull(Exception):
    """Too many jobs are open; the text is for the person who ordered another."""


class GivenBack(Exception):
    """The worker must stop, so the job goes back to the front of the queue. Nothing of it was done."""


class BackgroundJob(GuardedJob):
    """A job that can only be of one of the `KINDS`."""

    @property
    def func(self) -> Any:
        """The function to run. Raises `OrderRefused` for a job that names any other."""
        if self.refused:
            raise OrderRefused(f"asks for {self.refused}")
        if self.func_name not in KINDS or self.instance:
            raise OrderRefused(f"names {self.func_name!r}")
        run = self.run
        assert run is not None
        return partial(run, self.func_name)


class RqBackgroundQueue(GuardedQueue):
    """The queue of background jobs, as RQ has it."""

    job_class = BackgroundJob


def rq_background_queue(redis: Redis) -> RqBackgroundQueue:
    """Return the queue as RQ has it."""
    return RqBackgroundQueue(QUEUE, connection=redis, serializer=JSONSerializer, job_class=BackgroundJob)


class BackgroundWorker(ThreadWorker):
    """The worker of the background queue. A job that is given back is queued again, at the front."""

    queue_class = RqBackgroundQueue
    job_class = BackgroundJob

    def __init__(self, queue: Queue, **options: Any) -> None:
        super().__init__(queue, **options)
        self._given_back: set[str] = set()

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Note a job that was given back, which is not a failure."""
        if isinstance(exc_info[1], GivenBack):
            self._given_back.add(job.id)
        elif isinstance(exc_info[1], OrderRefused):
            log.error("background job refused id=%s: %s", job.id, exc_info[1])
        else:
            super().handle_exception(job, *exc_info)

    def perform_job(self, job: Job, queue: Queue, execution: Any) -> bool:
        """Run a job. If it was given back, queue it again once RQ has ended it."""
        done = super().perform_job(job, queue, execution)
        if job.id in self._given_back:
            self._given_back.discard(job.id)
            try:
                job.requeue(at_front=True)
            except InvalidJobOperation:  # RQ has not recorded its end, so it counts as lost
                log.error("background job not given back id=%s", job.id)  # noqa: TRY400 - a traceback would add nothing
        return done


class BackgroundQueue:
    """Orders jobs, reads their states and cancels them, for the web side.

    Thread-safe. Every method raises `StoreAway` if the store does not answer.
    """

    def __init__(self, redis: Redis, signer: OrderSigner) -> None:
        self._redis = redis
        self._signer = signer
        self._queue = rq_background_queue(redis)
        self._states = JobStates(redis)
        self._turns = JobTurns(redis, self._queue.key)

    def order(self, kind: str, implementation: str, by: str, arguments: dict[str, Any], *, most: int = MOST) -> str:
        """Queue a job and return its id. If the same job is open already, its id is returned and nothing is queued.

        `most`: how many jobs of the implementation may be open with it.

        Raises `OrderRefused` for arguments that its kind does not have, and `QueueFull`.
        """
        order = JobOrder(secrets.token_hex(16), kind, implementation, by, int(time.time()), arguments)
        with answering():
            self._forget_lost()
            job_id = self._states.add(order, most=most, most_in_total=MOST_IN_TOTAL)
            if job_id == order.id:
                self._enqueue(order)
        if not job_id:
            raise QueueFull("Too many jobs are waiting or running. Wait until one of them has ended, then try again")
        return job_id

    def find(self, implementation: str, job_id: str) -> JobState | None:
        """Return a job of an implementation; None if there is none, or if it ended more than a day ago."""
        with answering():
            state = self._state(job_id)
        return state if state and state.implementation == implementation else None

    def newest(self, kind: str, implementation: str, by: str) -> JobState | None:
        """Return the last job of a kind that a person ordered; None if there is none."""
        with answering():
            job_id = self._states.newest(kind, implementation, by)
        return self.find(implementation, job_id) if job_id else None

    def last_of_same(self, kind: str, implementation: str, by: str, arguments: dict[str, Any]) -> JobState | None:
        """Return the last job that was ordered in exactly this way; None if there is none."""
        with answering():
            job_id = self._states.last_of(same_orders(kind, implementation, by, arguments))
        return self.find(implementation, job_id) if job_id else None

    def worker_is_there(self) -> bool:
        """Say whether a background worker has sent a heartbeat lately."""
        with answering():
            return bool(workers_present(self._redis, BACKGROUND))

    def cancel(self, state: JobState) -> None:
        """Cancel a job: a waiting one ends now, a running one at its next step. An ended one stays as it is."""
        with answering():
            if self._states.cancel_waiting(state, CANCELLED_WAITING):
                self._queue.remove(state.id)
                self._redis.delete(BackgroundJob.key_for(state.id))
            else:
                self._states.ask_to_cancel(state)

    def _enqueue(self, order: JobOrder) -> None:
        self._queue.enqueue_call(
            order.kind,
            kwargs=self._signer.fields_of(order),
            job_id=order.id,
            timeout=order.what.wall_s + MARGIN_S,
            ttl=KEPT_S,
            result_ttl=0,
            failure_ttl=FAILED_S,
            description=order.kind,  # RQ's default contains the arguments, and is logged
        )
        self._turns.take(order.id)

    def _state(self, job_id: str) -> JobState | None:
        queued: Any = self._redis.hget(BackgroundJob.key_for(job_id), "status")
        return self._states.find(job_id, queued.decode(errors="replace") if queued else None)

    def _forget_lost(self) -> None:
        """Stop counting jobs as open whose workers died."""
        for job_id in self._states.open_ids():
            state = self._state(job_id)
            if state is None or state.ended:
                self._states.forget_open(job_id)
