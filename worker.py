"""The worker process: takes runs, or background jobs, from their queue and has some of them in flight, in threads which mostly wait.

What it does with a queue is in `runner.queues.thread_worker`. The jail of the status queue's worker is started before
Redis and before any thread, because a process which starts children with fork must have neither. That of the background
queue has no jail.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial

from redis import Redis

from runner.background.background_services import BACKGROUND_SERVICES, BackgroundServices, open_background_services
from runner.background.job_run import run_job
from runner.health.outages import OutageLog
from runner.process_log import start_log
from runner.queues.background_jobs import BackgroundJob, BackgroundWorker, rq_background_queue
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
from runner.store.worker_heartbeat import BACKGROUND, STATUS, WorkerHeartbeat

#: Exit status when settings, database or store are not right for a start, and when the jail does not hold.
NOT_SET, TOO_WEAK = 2, 3
#: Seconds before the loop begins again, after the store was away.
PAUSE_S = 1.0

log = logging.getLogger(__name__)


def run_from_environment(queue: str = STATUS) -> int:
    """`python -m worker [QUEUE]`: settings from the environment, the log to standard error. Returns the exit status."""
    try:
        settings = Settings.from_environment(os.environ)
        start_log(settings.log_level)
        return MAINS[queue](settings)
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
    stop = stop_signal()
    try:
        with closing(open_worker_services(settings, sandbox)) as workshop:
            log.info("worker started %s", workshop.about)
            serve(workshop, stop)
    finally:
        sandbox.close()
    log.info("worker ended")
    return 0


def serve(workshop: WorkerServices, stop: StopSignal) -> None:
    """Make runs until asked to stop."""
    settings, in_thread = workshop.settings, partial(WORKER_SERVICES.set, workshop)
    presence = WorkerHeartbeat(workshop.redis, report=workshop.sandbox.report, places=settings.worker_runs)

    def worker(redis: Redis) -> ThreadWorker:
        queue = rq_status_queue(redis)
        return StatusWorker(queue, runs=settings.worker_runs, stop=stop, in_thread=in_thread, on_beat=presence.note)

    work(settings, workshop.outages, stop, worker)
    presence.leave()


def work(settings: Settings, outages: OutageLog, stop: StopSignal, worker: Callable[[Redis], ThreadWorker]) -> None:
    """Work until asked to stop. When the store was away, RQ's loop ends; then it is begun again."""
    while not stop.asked:
        redis = connect_queue(settings.redis_url, environment=settings.environment, watch=outages)
        with closing(redis), suppress(*AWAY):
            worker(redis).work()
        if not stop.asked:
            time.sleep(PAUSE_S)


def background_main(settings: Settings) -> int:
    """Run background jobs until SIGTERM or SIGINT; jobs in flight are given back. Returns the exit status. Raises `NotStarted`."""
    stop = stop_signal()
    with closing(open_background_services(settings, stop)) as services:
        log.info("worker started %s", services.about)
        serve_background(services, stop)
    log.info("worker ended")
    return 0


def serve_background(services: BackgroundServices, stop: StopSignal) -> None:
    """Run background jobs until asked to stop."""
    settings, in_thread = services.settings, partial(BACKGROUND_SERVICES.set, services)
    presence = WorkerHeartbeat(services.redis, places=settings.background_jobs, queue=BACKGROUND)

    def worker(redis: Redis) -> ThreadWorker:
        queue = rq_background_queue(redis)
        return JobWorker(queue, runs=settings.background_jobs, stop=stop, in_thread=in_thread, on_beat=presence.note)

    work(settings, services.outages, stop, worker)
    presence.leave()


def stop_signal() -> StopSignal:
    """What the signals that end this process are noted in."""
    quieten_rq()
    stop = StopSignal()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stop


#: Queue -> what works it off.
MAINS = {STATUS: main, BACKGROUND: background_main}


class RunJob(StatusJob):
    """A job which can be run, in this process only."""

    run = staticmethod(run_status)


class StatusWorker(ThreadWorker):
    """The worker of the queue of status jobs."""

    queue_class = RqStatusQueue
    job_class = RunJob


class OrderedJob(BackgroundJob):
    """A background job which can be run, in this process only."""

    run = staticmethod(run_job)


class JobWorker(BackgroundWorker):
    """The worker of the queue of background jobs."""

    job_class = OrderedJob


if __name__ == "__main__":
    sys.exit(run_from_environment(*sys.argv[1:]))
