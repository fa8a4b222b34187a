"""One job from the queue to its end: what a thread of the background worker does.

1. The order is one of ours, signed and recent.
2. It still waits: one that was cancelled, or begun by another worker, is left alone.
3. Its process does the work. Meanwhile the worker vouches for it, notes its steps, and passes on that it is cancelled.
4. What it changed is announced, and its end is noted.
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
from runner.queues.job_orders import JobOrder, OrderRefused
from runner.queues.job_states import CANCELLED, FAILED
from runner.store.errors import StoreAway

from .background_services import BACKGROUND_SERVICES, BackgroundServices
from .job_process import JobOvertime, JobProcess, JobProcessDied
from .job_steps import JobEnd

#: Seconds between two words of the worker that the job is running.
VOUCH_S = 1.0
#: Seconds for which the end of a job is tried to be noted while the store is away.
NOTE_END_S = 30.0

NOTHING = "Nothing was changed. You can order it again."
BACK = "The worker was stopped before the job had ended; another takes it from the beginning."
NO_ANSWER = "It was cancelled, and stopped in the middle. Nothing was changed."

log = logging.getLogger(__name__)


class _Forgotten(Exception):
    """Nobody knows the job any more: the store was emptied."""


def run_job(kind: str, /, **fields: Any) -> None:
    """The one function which the queue runs; `fields` are those of an order and its signature. Raises `OrderRefused` and `GivenBack`."""
    services = BACKGROUND_SERVICES.get()
    # 1.
    order = services.signer.order_of(fields)
    if order.kind != kind:
        raise OrderRefused(f"names {kind!r} and orders {order.kind!r}")
    if services.stop.requested:  # this worker takes nothing more
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
        self._vouched_at = 0.0
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
            end = self._failed(f"An error on our side stopped it. {NOTHING}", reference)
        # 4.
        for slug in end.changed:
            self._services.announce(slug)
        self._note(end)
        log.info("background job ended state=%s seconds=%.1f %s", end.state, time.monotonic() - began, about)

    def _work(self) -> JobEnd:
        with JobProcess(self._order) as process:
            try:
                end = process.run(self._told, self._look)
            except JobProcessDied as error:
                reference = support_references.new()
                log.error("the process of a background job died ref=%s how=%s id=%s", reference, error, self._order.id)  # noqa: TRY400 - the traceback would be ours and not that of the process
                return self._failed(f"Its process ended unexpectedly. {NOTHING}", reference)
            except (GivenBack, JobOvertime) as why:
                said = process.stop()  # it may have ended in this moment
                if said is None:
                    return self._stopped(why)
                end = said
        if "database" in end.result:
            return self._database_away(str(end.result["database"]))
        if end.state == FAILED:
            return self._failed(end.said, str(end.result.get("reference", "")))
        return end

    def _stopped(self, why: GivenBack | JobOvertime) -> JobEnd:
        """Say how a job ended whose process was killed. Raises `GivenBack` for one that another worker shall take."""
        if isinstance(why, GivenBack):
            with suppress(RedisError):  # then it counts as lost
                self._services.states.give_back(self._order, BACK)
            raise why
        if self._cancelled:
            return JobEnd(CANCELLED, NO_ANSWER)
        return self._failed(f"It took longer than {self._order.what.wall_s} seconds, and was stopped. {NOTHING}")

    def _told(self, done: int, of: int, said: str) -> None:
        self._step, self._vouched_at = (done, of, said), 0.0

    def _look(self) -> bool:
        """Vouch for the job; return whether it is cancelled. Raises `GivenBack` when the worker is told to stop."""
        if self._services.stop.requested:
            raise GivenBack
        if time.monotonic() - self._vouched_at >= VOUCH_S:
            self._vouched_at = time.monotonic()
            with suppress(RedisError):  # the client tells it; the job goes on
                self._vouch()
        return self._cancelled

    def _vouch(self) -> None:
        cancel = self._services.states.note(self._order, *self._step)
        if cancel is None:
            raise _Forgotten
        self._cancelled = self._cancelled or cancel

    def _failed(self, said: str, reference: str = "") -> JobEnd:
        """End with a fault of ours; its reference can be looked up in the console."""
        if not reference:
            return JobEnd(FAILED, said)
        told = said if reference in said else f"{said} Reference: {reference}"
        home, _, user = self._order.by.partition("/")
        user = user if home == self._order.implementation else ""
        noted = NotedError(reference, 500, self._order.what.title, self._order.implementation, user, said=told)
        with suppress(StoreAway):
            self._services.errors.note(noted)
        return JobEnd(FAILED, told)

    def _database_away(self, text: str) -> JobEnd:
        error = DatabaseUnavailable(text)
        self._services.outages.database_lost(error)
        reference = self._services.outages.reference(DATABASE, error)
        return JobEnd(FAILED, f"The database did not answer. {NOTHING} Reference: {reference}")

    def _note(self, end: JobEnd) -> None:
        """Note the end, and wait for a store that is away; if it stays away, the job counts as lost."""
        tries_until = time.monotonic() + NOTE_END_S
        while True:
            try:
                self._services.states.end(self._order, end.state, end.said, end.result)
            except RedisError:
                if time.monotonic() > tries_until or self._services.stop.requested:
                    raise
                time.sleep(VOUCH_S)
            else:
                return
