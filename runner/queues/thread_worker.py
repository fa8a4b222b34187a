"""RQ's worker with many jobs in flight, in threads that mostly wait.

It uses RQ's own extension points; only RQ's methods write the state of jobs.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, cast

from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import JOB_ID_PATTERN, Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.utils import now
from rq.worker import WorkerStatus

from runner.health.outages import OUTAGE
from runner.logs import line_ids
from runner.store.clients import AWAY

BEAT_S = 3.0
#: Seconds after which an idle worker checks whether it must stop.
IDLE_S = 1
MAINTENANCE_S = 10
#: RQ waits 15 seconds less than this for a job, so 1 second, and 10 more than that for an answer, so 11 seconds.
WORKER_TTL_S = 16

log = logging.getLogger(__name__)


class StopSignal:
    """Notes that a signal asked the process to stop. A handler that did more could wait for a lock of its own thread."""

    def __init__(self) -> None:
        self.requested = False

    def __call__(self, *_: object) -> None:
        """The signal handler."""
        self.requested = True


class NoDeathPenalty(BaseDeathPenalty):
    """RQ's time limit, switched off: a run is ended by killing its child. A signal or an exception would hit the wrong thread."""

    def setup_death_penalty(self) -> None:
        """Do nothing."""

    def cancel_death_penalty(self) -> None:
        """Do nothing."""


class ThreadWorker(SimpleWorker):
    """RQ's worker with many jobs in flight. The worker of each queue sets `queue_class` and `job_class`.

    `stop` ends the loop between two Redis commands, never within one. `in_thread` is called once in each thread,
    `on_beat` every few seconds with the number of jobs in flight.
    """

    death_penalty_class = NoDeathPenalty
    max_connection_wait_time = 1.0  # seconds between two tries to reach a lost store; RQ would wait a minute

    def __init__(
        self,
        queue: Queue,
        *,
        runs: int,
        stop: StopSignal,
        in_thread: Callable[[], object],
        on_beat: Callable[[int], None],
    ) -> None:
        super().__init__(
            [queue],
            connection=queue.connection,
            serializer=JSONSerializer,
            worker_ttl=WORKER_TTL_S,
            maintenance_interval=MAINTENANCE_S,
            default_result_ttl=0,
            log_job_description=False,
        )
        self._stop = stop
        self._on_beat = on_beat
        self._free_threads = threading.BoundedSemaphore(runs)
        self._threads = ThreadPoolExecutor(runs, thread_name_prefix="run", initializer=in_thread)
        self._drained = threading.Event()
        self._beat_at = 0.0

    def dequeue_job_and_maintain_ttl(self, timeout: int | None, max_idle_time: int | None = None) -> Any:  # noqa: ARG002 - RQ's
        """Wait for a free thread, then for a job, so that no job is taken that cannot begin. `timeout` None: do not wait for a job."""
        while not self._free_threads.acquire(timeout=IDLE_S):
            self._end_if_asked()
        found = None
        try:
            while not found:
                self._end_if_asked()
                found = self._dequeue(timeout)
                if timeout is None:
                    break
        finally:
            if not found:
                self._free_threads.release()
        return found

    def execute_job(self, job: Job, queue: Queue) -> None:
        """Hand the job to a thread."""
        try:
            execution = self.prepare_execution(job)
            self._threads.submit(self._run, job, queue, execution)
        except BaseException:
            self._free_threads.release()
            raise

    def _dequeue(self, timeout: int | None) -> Any:
        try:
            return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time=IDLE_S)
        except (RedisError, StopRequested):
            raise
        except Exception as error:  # reading what somebody else wrote may raise anything
            if not self._discard(getattr(error, "job_id", None)):
                raise
            log.exception("unreadable job discarded")
            return None

    def _discard(self, job_id: str | None) -> bool:
        """Remove a job that cannot be read, so that it does not end the worker. Returns whether anything was removed."""
        waiting = self.queues[0].intermediate_queue_key
        removed = 0
        for raw in cast("list[bytes]", self.connection.lrange(waiting, 0, -1)):
            if raw == (job_id or "").encode() or not JOB_ID_PATTERN.fullmatch(raw.decode(errors="replace")):
                removed += int(self.connection.lrem(waiting, 0, cast("str", raw)))  # bytes work as well
        if job_id:
            removed += int(self.connection.delete(self.job_class.key_for(job_id)))
        return removed > 0

    def _run(self, job: Job, queue: Queue, execution: Execution) -> None:
        try:
            with line_ids.of_run(job.id):  # a job has the id of its run
                self._perform(job, queue, execution)
        finally:
            self.executions.pop(execution.id, None)
            self._free_threads.release()

    def _perform(self, job: Job, queue: Queue, execution: Execution) -> None:
        try:
            self.perform_job(job, queue, execution)
        except Exception as error:  # the outcome could not be written; the lock in the cache expires
            if not isinstance(error, AWAY):
                log.exception("outcome of a job not written id=%s", job.id)

    def bootstrap(self, *_: Any, **__: Any) -> None:
        """Register the worker. It does not listen to RQ's pub/sub commands, which cost a connection and could end it."""
        self.register_birth()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
        self.set_state(WorkerStatus.STARTED)
        self._on_beat(0)
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def teardown(self) -> None:
        """Wait for the jobs in flight, then unregister."""
        self._threads.shutdown(wait=True)
        self._drained.set()
        with suppress(*AWAY):  # otherwise the registration expires
            self.register_death()  # type: ignore[no-untyped-call]  # RQ leaves it untyped

    @property
    def should_run_maintenance_tasks(self) -> bool:
        """RQ asks this before each look at the queue, even while the store is away. No job is held here, so the worker may end."""
        self._end_if_asked()
        return bool(super().should_run_maintenance_tasks)

    def run_maintenance_tasks(self) -> None:
        """Clean up after workers that died. A failure must not end this worker."""
        self.last_cleaned_at = now()  # type: ignore[assignment]  # RQ's own annotation is too narrow
        try:
            self.clean_registries()  # type: ignore[no-untyped-call]  # RQ leaves it untyped
        except AWAY:
            raise
        except Exception:  # Redis may contain anything
            log.exception("maintenance failed")

    def handle_exception(self, job: Job, *exc_info: Any) -> None:
        """Log why a job failed, except for an outage, which is reported once for the process."""
        if not isinstance(exc_info[1], OUTAGE):
            super().handle_exception(job, *exc_info)

    def check_for_suspension(self, burst: bool) -> None:  # noqa: FBT001 - RQ's
        """Do nothing: workers cannot be suspended. RQ would ask Redis before every job."""

    def _install_signal_handlers(self) -> None:
        """Do nothing: the main program handles signals."""

    def _end_if_asked(self) -> None:
        if self._stop.requested:
            raise StopRequested

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Send a heartbeat every few seconds at most; RQ would send three for every job."""
        if pipeline is None:
            if time.monotonic() - self._beat_at < BEAT_S:
                return
            self._beat_at = time.monotonic()
        super().heartbeat(timeout, pipeline)

    def set_state(self, state: str, pipeline: Any = None) -> None:
        """Write the state only if it changes; RQ would write idle and busy for every job."""
        if state in (WorkerStatus.IDLE, WorkerStatus.BUSY):
            state = WorkerStatus.BUSY if self.executions else WorkerStatus.IDLE
        if state != self.get_state():
            super().set_state(state, pipeline)

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:  # noqa: ARG002 - RQ's
        """Return the seconds after which a job without a heartbeat counts as abandoned."""
        return int(BEAT_S * 3) + 1

    def _beat(self) -> None:
        while not self._drained.wait(BEAT_S):
            try:
                super().heartbeat()
                for execution in list(self.executions.values()):
                    self.maintain_heartbeats(execution.job, execution)
                self._on_beat(len(self.executions))
            except RedisError as error:
                if not isinstance(error, AWAY):
                    log.exception("heartbeat failed")
