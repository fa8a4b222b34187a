"""The services of a worker process, which all its runs share: how they are opened and closed.

A job function can only be given plain values, so it finds the services in a context variable that the worker sets in
each of its threads. There is no other global.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version

from redis import Redis

from records import Database, RunRecord, SecretBox
from runner.health.outages import OutageLog
from runner.health.start_checks import NotStarted, check_start
from runner.logins import NotedErrors
from runner.powers import VendorServices, digest_key
from runner.pressure.run_counts import RunCounter
from runner.queues.drainer_leases import DrainerLeases
from runner.queues.job_orders import OrderSigner
from runner.queues.prepare_orders import PrepareOrders
from runner.queues.status_jobs import QUEUE, StatusQueue
from runner.queues.thread_worker import StopSignal
from runner.settings.operator_settings import Settings
from runner.status.cache import StatusCache
from runner.status.change_events import ChangeListener
from runner.status.no_run_answer import note_outage
from runner.status.outdating.user_sessions import UserSessions
from runner.status.return_moments import ReturnMoments
from runner.status.return_tokens import ReturnTokens
from runner.store.clients import connect, connect_brief
from runner.store.periodic_writes import PeriodicWrites
from sandbox import JailConfig, JailTooWeak, Sandbox

from .crash_watch import CrashWatch
from .daily_anchors import DailyAnchors
from .rollout_reverts import RolloutReverts
from .script_input import ScriptInputReader
from .traces import TraceWriter
from .version_bundle import VersionBundles

__all__ = ["WORKER_SERVICES", "JailTooWeak", "NotStarted", "WorkerServices", "open_worker_services", "start_jail"]

#: Seconds for which a drainer waits for the next order before it ends.
LINGER_S = 0.5


@dataclass(frozen=True)
class WorkerServices:
    """Everything that a run needs besides its order. Opened by `open_worker_services`, closed by `close`."""

    settings: Settings = field(repr=False)
    outages: OutageLog
    database: Database
    redis: Redis
    brief_redis: Redis  #: for the vendors' limits: a call cannot wait for a store that hangs
    sandbox: Sandbox
    vendors: VendorServices
    cache: StatusCache
    returns: ReturnMoments
    user_sessions: UserSessions
    bundles: VersionBundles
    script_inputs: ScriptInputReader
    tokens: ReturnTokens
    prepare_orders: PrepareOrders
    change_listener: ChangeListener
    traces: TraceWriter
    run_counter: RunCounter
    periodic_writes: PeriodicWrites  #: of the counts of runs and calls
    forget: Callable[[str | None], None]  #: drops what is cached of one implementation, or of all
    queue: StatusQueue  #: for jobs of drainers
    leases: DrainerLeases
    stop: StopSignal  #: whether this worker is to end
    linger_s: float = LINGER_S

    @property
    def about(self) -> str:
        """What this worker serves and how, for the log line at its start."""
        report = self.sandbox.report
        return (
            f"version={version('session-status')} queue={QUEUE} runs={self.settings.worker_runs}"
            f" environment={self.settings.environment} runtime={report.runtime!r} jail={report.layers!r}"
        )

    def close(self) -> None:
        """Write the traces that are left, then close everything but the sandbox, which belongs to the caller."""
        self.leases.close()
        self.change_listener.close()
        self.traces.close()
        self.periodic_writes.close()
        self.outages.close()
        self.vendors.close()
        self.prepare_orders.close()
        self.brief_redis.close()
        self.queue.close()
        self.redis.close()
        self.database.dispose()


#: Set in each thread of the worker.
WORKER_SERVICES: ContextVar[WorkerServices] = ContextVar("worker services")


def start_jail(settings: Settings) -> Sandbox:
    """Start the sandbox as the settings say, before any thread is started. Raises `JailTooWeak`."""
    return Sandbox(config=JailConfig(allow_weak=settings.sandbox_allow_weak, require=settings.sandbox_require)).start()


def open_worker_services(settings: Settings, sandbox: Sandbox, stop: StopSignal) -> WorkerServices:
    """Open the services and start their threads. The sandbox must already be started.

    Raises `NotStarted` if one of the `start_checks` fails.
    """
    check_start(settings, worker=True)
    outages = OutageLog.open(settings)
    database = Database(settings.database_url, environment=settings.environment, watch=outages)
    redis = connect(settings.redis_url, environment=settings.environment, watch=outages)
    outages.on_change = partial(note_outage, NotedErrors(redis))
    brief_redis = connect_brief(settings.redis_url, environment=settings.environment, watch=outages)
    queue = StatusQueue(connect(settings.redis_url, environment=settings.environment, watch=outages))
    bundles = VersionBundles(
        database=database,
        box=SecretBox(settings.keys),
        sandbox=sandbox,
        most=settings.most,
        allow_loopback=settings.allow_loopback_vendors,
    )
    script_inputs = ScriptInputReader(database)

    def drop(implementation: str | None) -> None:
        bundles.drop(implementation)
        script_inputs.drop(implementation)

    change_listener = ChangeListener(redis, on_changed=drop)
    crash_watch = CrashWatch(database, on_suspended=change_listener.changed)
    daily_anchors = DailyAnchors(database)
    rollouts = RolloutReverts(database, on_reverted=change_listener.changed)

    def stored(records: Sequence[RunRecord]) -> None:
        crash_watch.look(records)
        rollouts.look()
        daily_anchors.look()

    vendors = VendorServices(
        redis=brief_redis,
        allow_loopback=settings.allow_loopback_vendors,
        tls_ca_file=settings.vendor_ca_file or None,
        digest_key=digest_key(settings.secret_key),
    )
    run_counter = RunCounter(brief_redis)
    services = WorkerServices(
        settings=settings,
        outages=outages,
        database=database,
        redis=redis,
        brief_redis=brief_redis,
        sandbox=sandbox,
        vendors=vendors,
        cache=StatusCache(redis),
        returns=ReturnMoments(redis),
        user_sessions=UserSessions(redis),
        bundles=bundles,
        script_inputs=script_inputs,
        tokens=ReturnTokens(settings.keys, hours=settings.return_token_hours),
        prepare_orders=PrepareOrders(
            connect(settings.redis_url, environment=settings.environment, watch=outages), OrderSigner(settings.keys)
        ),
        change_listener=change_listener,
        traces=TraceWriter(database, on_stored=stored),
        run_counter=run_counter,
        periodic_writes=PeriodicWrites(run_counter.flush, vendors.health.flush),
        forget=drop,
        queue=queue,
        leases=DrainerLeases(redis, queue),
        stop=stop,
    )
    services.change_listener.ensure_started()
    services.leases.start()
    services.traces.start()
    services.periodic_writes.start()
    return services
