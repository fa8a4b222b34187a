"""One job from the queue to its end: what a thread of the background worker does.

1. The order has a valid signature and is recent.
2. It still waits: one that was cancelled, or begun by another worker, is left alone.
3. Its process does the work. The worker sends heartbeats for it, notes its steps, and passes on a cancellation.
4. Its changes are announced, and its end is noted.
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import Any

from redis.exceptions import RedisError

from records import DatabaseUnavailable, support_references
from runner.health.noted_errors import NotedError
from runner.health.outages import DATABASE
from runner.queues.background_jobs import GivenBack
from runner.queues.job_arguments import OrderRefused
from runner.queues.job_orders import JobOrder
from runner.queues.job_states import CANCELLED, FAILED
from runner.status.change_events import publish_change
from runner.store.errors import StoreAway

from .background_services import BACKGROUND_SERVICES, BackgroundServices
from .job_process import JobOvertime, JobProcess, JobProcessDied
from .job_steps import JobEnd

#: Seconds between two heartbeats of a job.
HEARTBEAT_S = 1.0
#: Seconds for which the worker tries to note the end of a job while the store is away.
NOTE_END_S = 30.0

NOTHING_SAVED = "Nothing was changed. You can order it again."
#: Of a job that was lost while its transaction ended: not even the worker knows whether that was before or after the commit.
MAYBE_SAVED = "Its changes may have been made: look whether they are there. You can order it again without harm."
GIVEN_BACK = "The worker was stopped before the job had ended; another takes it from the beginning."
WAS_KILLED = "It was cancelled, and stopped in the middle."

log = logging.getLogger(__name__)


class _Forgotten(Exception):
    """The job does not exist any more: the store was emptied."""


def run_job(kind: str, /, **fields: Any) -> None:
    """The only function that the queue runs; `fields` are those of an order and its signature. Raises `OrderRefused` and `GivenBack`."""
    services = BACKGROUND_SERVICES.get()
    # 1.
    order = services.signer.order_of(fields)
    if order.kind != kind:
        raise OrderRefused(f"names {kind!r} and orders {order.kind!r}")
    if services.stop.requested:  # this worker takes no more jobs
        raise GivenBack
    # 2.
    if not services.states.begin(order):
        log.info("background job no longer waits kind=%s id=%s", order.kind, order.id)
        return
    JobRun(services, order).run()


class JobRun:
    """A job that has begun."""

    def __init__(self, services: BackgroundServices, order: JobOrder) -> None:
        self._services = services
        self._order = order
        self._step: tuple[int, int, str] = (0, 0, "Starting.")
        self._heartbeat_at = 0.0
        self._cancelled = False

    def run(self) -> None:
        """Do the work and note its end. Raises `GivenBack`."""
        began = time.monotonic()
        about = f"kind={self._order.kind} implementation={self._order.implementation} id={self._order.id}"
        log.info("background job begins %s", about)
        try:
            # 3.
            end = self._work()
        except GivenBack:
            log.info("background job given back %s", about)
            raise
        except _Forgotten:
            log.warning("background job stopped, because the store was emptied %s", about)
            return
        except Exception:
            reference = support_references.new()
            log.exception("background job failed ref=%s %s", reference, about)
            end = self._failed(f"An error on our side stopped it. {MAYBE_SAVED}", reference)
        # 4.
        for slug in end.changed:
            publish_change(self._services.redis, slug)
        self._note(end)
        log.info("background job ended state=%s seconds=%.1f %s", end.state, time.monotonic() - began, about)

    def _work(self) -> JobEnd:
        with JobProcess(self._order) as process:
            try:
                end = process.run(self._note_step, self._is_cancelled)
            except JobProcessDied as error:
                reference = support_references.new()
                log.error("the process of a background job died ref=%s how=%s id=%s", reference, error, self._order.id)  # noqa: TRY400 - the traceback would be ours and not that of the process
                return self._failed(f"Its process ended unexpectedly. {_what_is_saved(process)}", reference)
            except (GivenBack, JobOvertime) as why:
                last = process.stop()  # it may have ended at this moment
                if last is None:
                    return self._stopped(why, _what_is_saved(process))
                end = last
        if "database" in end.result:
            return self._database_away(str(end.result["database"]), _what_is_saved(process))
        if end.state == FAILED:
            return self._failed(f"{end.said} {_what_is_saved(process)}", str(end.result.get("reference", "")))
        return end

    def _stopped(self, why: GivenBack | JobOvertime, saved: str) -> JobEnd:
        """Return how a job ended whose process was killed. Raises `GivenBack` for one that another worker must take."""
        if isinstance(why, GivenBack):
            with suppress(RedisError):  # then it counts as lost
                self._services.states.give_back(self._order, GIVEN_BACK)
            raise why
        if self._cancelled:
            return JobEnd(CANCELLED, f"{WAS_KILLED} {saved}")
        return self._failed(f"It took longer than {self._order.what.wall_s} seconds, and was stopped. {saved}")

    def _note_step(self, done: int, of: int, said: str) -> None:
        self._step, self._heartbeat_at = (done, of, said), 0.0

    def _is_cancelled(self) -> bool:
        """Send a heartbeat if one is due; say whether the job is cancelled. Raises `GivenBack` if the worker must stop."""
        if self._services.stop.requested:
            raise GivenBack
        if time.monotonic() - self._heartbeat_at >= HEARTBEAT_S:
            self._heartbeat_at = time.monotonic()
            with suppress(RedisError):  # the client reports the outage; the job goes on
                self._send_heartbeat()
        return self._cancelled

    def _send_heartbeat(self) -> None:
        cancel = self._services.states.note(self._order, *self._step)
        if cancel is None:
            raise _Forgotten
        self._cancelled = self._cancelled or cancel

    def _failed(self, sentence: str, reference: str = "") -> JobEnd:
        """Return the end of a job that failed; its reference, if it has one, can be looked up in the console."""
        if not reference:
            return JobEnd(FAILED, sentence)
        sentence = f"{sentence} Reference: {reference}"
        home, _, user = self._order.by.partition("/")
        user = user if home == self._order.implementation else ""
        noted = NotedError(reference, 500, self._order.what.title, self._order.implementation, user, said=sentence)
        with suppress(StoreAway):
            self._services.errors.note(noted)
        return JobEnd(FAILED, sentence)

    def _database_away(self, text: str, saved: str) -> JobEnd:
        error = DatabaseUnavailable(text)
        self._services.outages.database_lost(error)
        reference = self._services.outages.reference(DATABASE, error)
        return JobEnd(FAILED, f"The database did not answer. {saved} Reference: {reference}")

    def _note(self, end: JobEnd) -> None:
        """Note the end, waiting for a store that is away. If it stays away, the job counts as lost."""
        tries_until = time.monotonic() + NOTE_END_S
        while True:
            try:
                self._services.states.note(self._order, *self._step)  # the last one may have come together with the end
                self._services.states.end(self._order, end.state, end.said, end.result)
            except RedisError:
                if time.monotonic() > tries_until or self._services.stop.requested:
                    raise
                time.sleep(HEARTBEAT_S)
            else:
                return


def _what_is_saved(process: JobProcess) -> str:
    """Say, of a job that did not end as it should, whether its changes can be there."""
    return MAYBE_SAVED if process.may_have_saved else NOTHING_SAVED
