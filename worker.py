"""The worker process: takes runs from the queue and runs many of them at once, in threads that mostly wait.

How it reads the queue is in `runner.queues.thread_worker`. Its jail is started before Redis and before any thread,
because a process that starts children with fork must have neither.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from contextlib import closing, suppress
from functools import partial

from runner.process_log import start_log
from runner.queues.status_jobs import RqStatusQueue, StatusJob, quieten_rq, rq_status_queue
from runner.queues.thread_worker import StopSignal, ThreadWorker
from runner.runs.job import run_status
from runner.runs.worker_services import (
    WORKER_SERVICES,
    JailTooWeak,
    NotStarted,
    WorkerServices,
    open_worker_services,
    start_jail,
)
from runner.settings.table import Settings, SettingsError
from runner.store.clients import AWAY, connect_queue
from runner.store.worker_heartbeat import WorkerHeartbeat

#: Exit status if settings, database or store do not allow a start, and if the jail does not hold.
EXIT_NOT_STARTED, EXIT_JAIL_TOO_WEAK = 2, 3
#: Seconds before the loop starts again after the store was unreachable.
RESTART_DELAY_S = 1.0

log = logging.getLogger(__name__)


def run_from_environment() -> int:
    """`python -m worker`: read settings from the environment, log to standard error. Return the exit status."""
    try:
        settings = Settings.from_environment(os.environ)
        start_log(settings.log_level)
        return main(settings)
    except (SettingsError, NotStarted) as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_NOT_STARTED


def main(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT, then let the current runs end. Return the exit status. Raises `NotStarted`."""
    # 1. The jail, while this process has neither threads nor connections.
    try:
        sandbox = start_jail(settings)
    except JailTooWeak as error:
        log.critical("no script may run here: %s", error)
        return EXIT_JAIL_TOO_WEAK
    # 2. Everything else.
    quieten_rq()
    stop = StopSignal()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        with closing(open_worker_services(settings, sandbox)) as services:
            log.info("worker started %s", services.about)
            serve(services, stop)
    finally:
        sandbox.close()
    log.info("worker ended")
    return 0


def serve(services: WorkerServices, stop: StopSignal) -> None:
    """Work until a stop is signalled. RQ's loop ends when the store is unreachable; then it is started again."""
    settings, in_thread, watch = services.settings, partial(WORKER_SERVICES.set, services), services.outages
    heartbeat = WorkerHeartbeat(services.redis, report=services.sandbox.report, places=settings.worker_runs)
    while not stop.asked:
        redis = connect_queue(settings.redis_url, environment=settings.environment, watch=watch)
        with closing(redis), suppress(*AWAY):
            StatusWorker(
                rq_status_queue(redis),
                runs=settings.worker_runs,
                stop=stop,
                in_thread=in_thread,
                on_beat=heartbeat.note,
            ).work()
        if not stop.asked:
            time.sleep(RESTART_DELAY_S)
    heartbeat.leave()


class RunJob(StatusJob):
    """A job that can be run; only the worker has it."""

    run = staticmethod(run_status)


class StatusWorker(ThreadWorker):
    """The worker of the queue of status jobs."""

    queue_class = RqStatusQueue
    job_class = RunJob


if __name__ == "__main__":
    sys.exit(run_from_environment())
