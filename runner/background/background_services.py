"""The services of a background worker, which all its jobs share. It opens no jail: a job that runs a script has its own."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version

from redis import Redis

from runner.health.noted_errors import NotedErrors
from runner.health.outages import OutageLog
from runner.health.start_checks import check_start
from runner.queues.background_jobs import QUEUE
from runner.queues.job_orders import OrderSigner
from runner.queues.job_states import JobStates
from runner.queues.thread_worker import StopSignal
from runner.settings.operator_settings import Settings
from runner.status.no_run_answer import note_outage
from runner.store.clients import connect


@dataclass(frozen=True)
class BackgroundServices:
    """Everything that a job needs besides its order. Opened by `open_background_services`, closed by `close`."""

    settings: Settings = field(repr=False)
    stop: StopSignal
    outages: OutageLog
    redis: Redis
    signer: OrderSigner
    states: JobStates
    errors: NotedErrors

    @property
    def about(self) -> str:
        """What this worker serves, for the log line at its start."""
        return (
            f"version={version('session-status')} queue={QUEUE} jobs={self.settings.background_jobs}"
            f" environment={self.settings.environment}"
        )

    def close(self) -> None:
        """Close everything, after the last job."""
        self.outages.close()
        self.redis.close()


#: Set in each thread of the worker.
BACKGROUND_SERVICES: ContextVar[BackgroundServices] = ContextVar("background services")


def open_background_services(settings: Settings, stop: StopSignal) -> BackgroundServices:
    """Open the services. Raises `NotStarted` if one of the `start_checks` fails."""
    check_start(settings, worker=True)
    outages = OutageLog.open(settings)
    redis = connect(settings.redis_url, environment=settings.environment, watch=outages)
    errors = NotedErrors(redis)
    outages.on_change = partial(note_outage, errors)
    return BackgroundServices(
        settings=settings,
        stop=stop,
        outages=outages,
        redis=redis,
        signer=OrderSigner(settings.keys),
        states=JobStates(redis),
        errors=errors,
    )
