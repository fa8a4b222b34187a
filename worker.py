"""The worker process: takes runs from the queue and has many of them in flight, in threads which mostly wait.

What it does with the queue is in `runner.queues.thread_worker`. Its jail is started before Redis and before any thread,
because a process which starts children with fork must have neither.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from contextlib import closing, suppress
from functools import partial

from runner.logs.process_log import start_log
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

#: Exit status when settings, database or store are not right for a start, and when the jail does not hold.
NOT_SET, TOO_WEAK = 2, 3
#: Seconds before the loop begins again, after the store was away.
PAUSE_S = 1.0

log = logging.getLogger(__name__)


def run_from_environment() -> int:
    """`python -m worker`: settings from the environment, the log to standard error. Returns the exit status."""
    try:
        settings = Settings.from_environment(os.environ)
        start_log(settings)
        return main(settings)
    except (SettingsError, NotStarted) as error:
        sys.stderr.write(f"{error}\n")
        return NOT_SET


def main(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT, then let the runs in flight end. Returns the exit status. Raises `NotStarted`."""
    # 1. The jail, while this process has neither threads nor connections.
    try:
        sandbox = start_jail(settings)
    except JailTooWeak as error:
        log.critical("no script may run here: %s", error)
        return TOO_WEAK
    # 2. Everything else.
    quieten_rq()
    stop = StopSignal()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        with closing(open_worker_services(settings, sandbox)) as workshop:
            log.info("worker started %s", workshop.about)
            serve(workshop, stop)
    finally:
        sandbox.close()
    log.info("worker ended")
    return 0


def serve(workshop: WorkerServices, stop: StopSignal) -> None:
    """Work until asked to stop. When the store was away, RQ's loop ends; then it is begun again."""
    settings, in_thread, watch = workshop.settings, partial(WORKER_SERVICES.set, workshop), workshop.outages
    presence = WorkerHeartbeat(workshop.redis, report=workshop.sandbox.report, places=settings.worker_runs)
    while not stop.asked:
        redis = connect_queue(settings.redis_url, environment=settings.environment, watch=watch)
        with closing(redis), suppress(*AWAY):
            StatusWorker(
                rq_status_queue(redis), runs=settings.worker_runs, stop=stop, in_thread=in_thread, on_beat=presence.note
            ).work()
        if not stop.asked:
            time.sleep(PAUSE_S)
    presence.leave()


class RunJob(StatusJob):
    """A job which can be run, in this process only."""

    run = staticmethod(run_status)


class StatusWorker(ThreadWorker):
    """The worker of the queue of status jobs."""

    queue_class = RqStatusQueue
    job_class = RunJob


if __name__ == "__main__":
    sys.exit(run_from_environment())
