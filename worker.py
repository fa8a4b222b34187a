"""The worker process: takes runs or background jobs from their queue and has many of them at once, in threads that mostly wait.

How it reads a queue is in `runner.queues.thread_worker`. The jail of the status queue's worker is started before Redis
and before any thread, because a process that starts children with fork must have neither. So is that of the background
queue's worker, which also checks scripts for the web servers; it runs its jobs even if that jail does not hold.
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

from runner.background.ahead.prefetch import prefetching
from runner.background.ahead.prepare_schedule import preparing
from runner.background.background_services import BACKGROUND_SERVICES, BackgroundServices, open_background_services
from runner.background.job_run import run_job
from runner.background.notice_delivery import delivering
from runner.background.webhook_delivery import telling
from runner.checks.check_services import checking, start_jail_for_checks
from runner.health.outages import OutageLog
from runner.logs.process_log import start_log
from runner.queues.background_jobs import BackgroundJob, BackgroundWorker, rq_background_queue
from runner.queues.status_jobs import RqStatusQueue, StatusJob, quieten_rq, rq_status_queue
from runner.queues.thread_worker import StopSignal, ThreadWorker
from runner.runs.draining.drainer import drain_orders
from runner.runs.draining.wanted_runs import run_status
from runner.runs.worker_services import (
    WORKER_SERVICES,
    JailTooWeak,
    NotStarted,
    WorkerServices,
    open_worker_services,
    start_jail,
)
from runner.settings.operator_settings import Settings, SettingsError
from runner.store.clients import AWAY, connect_queue
from runner.store.worker_heartbeat import BACKGROUND, STATUS, WorkerHeartbeat

#: Exit status if settings, database or store do not allow a start, and if the jail does not hold.
EXIT_NOT_STARTED, EXIT_JAIL_TOO_WEAK = 2, 3
#: Seconds before the loop starts again after the store was unreachable.
RESTART_DELAY_S = 1.0
#: The least niceness of a background worker.
BACKGROUND_NICE = 10

log = logging.getLogger(__name__)


def run_from_environment(queue: str = STATUS) -> int:
    """`python -m worker [QUEUE]`: read settings from the environment, log to standard error. Return the exit status."""
    try:
        settings = Settings.from_environment(os.environ)
        start_log(settings)
        return MAINS[queue](settings)
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
    stop = stop_signal()
    try:
        with closing(open_worker_services(settings, sandbox, stop)) as services:
            log.info("worker started %s", services.about)
            serve(services, stop)
    finally:
        sandbox.close()
    log.info("worker ended")
    return 0


def serve(services: WorkerServices, stop: StopSignal) -> None:
    """Make runs until a stop is signalled."""
    settings, in_thread = services.settings, partial(WORKER_SERVICES.set, services)
    heartbeat = WorkerHeartbeat(services.redis, report=services.sandbox.report, places=settings.worker_runs)

    def worker(redis: Redis) -> ThreadWorker:
        queue = rq_status_queue(redis)
        return StatusWorker(queue, runs=settings.worker_runs, stop=stop, in_thread=in_thread, on_beat=heartbeat.note)

    work(settings, services.outages, stop, worker)
    heartbeat.leave()


def work(settings: Settings, outages: OutageLog, stop: StopSignal, worker: Callable[[Redis], ThreadWorker]) -> None:
    """Work until a stop is signalled. RQ's loop ends when the store is unreachable; then it is started again."""
    while not stop.requested:
        redis = connect_queue(settings.redis_url, environment=settings.environment, watch=outages)
        with closing(redis), suppress(*AWAY):
            worker(redis).work()
        if not stop.requested:
            time.sleep(RESTART_DELAY_S)


def background_main(settings: Settings) -> int:
    """Run background jobs and check scripts until SIGTERM or SIGINT, give back the jobs in flight, return the exit status.

    Raises `NotStarted`.
    """
    # 1. Statuses are waited for by more people than jobs and checks, so this process and all its children give way to them.
    if os.getpriority(os.PRIO_PROCESS, 0) < BACKGROUND_NICE:
        with suppress(PermissionError):  # below some filters nobody may
            os.setpriority(os.PRIO_PROCESS, 0, BACKGROUND_NICE)
    # 2. The jail, while this process has neither threads nor connections.
    sandbox = start_jail_for_checks(settings)
    # 3. Everything else.
    stop = stop_signal()
    try:
        with (
            closing(open_background_services(settings, stop)) as services,
            checking(settings, services.outages, sandbox),
        ):
            log.info("worker started %s checks=%s", services.about, "no" if sandbox is None else "yes")
            serve_background(services, stop)
    finally:
        if sandbox:
            sandbox.close()
    log.info("worker ended")
    return 0


def serve_background(services: BackgroundServices, stop: StopSignal) -> None:
    """Run background jobs until a stop is signalled."""
    settings, in_thread = services.settings, partial(BACKGROUND_SERVICES.set, services)
    heartbeat = WorkerHeartbeat(services.redis, places=settings.background_jobs, queue=BACKGROUND)

    def worker(redis: Redis) -> ThreadWorker:
        queue = rq_background_queue(redis)
        return JobWorker(queue, runs=settings.background_jobs, stop=stop, in_thread=in_thread, on_beat=heartbeat.note)

    with delivering(services), telling(services), preparing(services), prefetching(services):
        work(settings, services.outages, stop, worker)
    heartbeat.leave()


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
    """A job that can be run; only the worker has it."""

    run = staticmethod(run_status)
    drain = staticmethod(drain_orders)


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
