"""The workshop: the parts of a worker process, which all its runs share, and how they are put together and away.

A job function can be given plain values only, so it finds the workshop in a context variable which the worker sets in
each of its threads; there is no other global.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial
from importlib.metadata import version

from redis import Redis

from records import Database, SecretBox
from runner.health.outages import OutageLog
from runner.health.start_checks import NotStarted, check_start
from runner.logins import NotedErrors
from runner.powers import VendorServices, digest_key
from runner.queues.status_jobs import QUEUE
from runner.settings.table import Settings
from runner.status.cache import StatusCache
from runner.status.change_events import ChangeListener
from runner.status.return_tokens import ReturnTokens
from runner.status.unavailable_status import note_outage
from runner.store.clients import connect, connect_brief
from sandbox import JailConfig, JailTooWeak, Sandbox

from .crash_watch import CrashWatch
from .script_input import ScriptInputReader
from .traces import TraceWriter
from .version_bundle import VersionBundles

__all__ = ["WORKER_SERVICES", "JailTooWeak", "NotStarted", "WorkerServices", "open_worker_services", "start_jail"]


@dataclass(frozen=True)
class WorkerServices:
    """Everything that a run needs beside its order. Made by `open_worker_services`, put away by `close`."""

    settings: Settings = field(repr=False)
    outages: OutageLog
    database: Database
    redis: Redis
    brief_redis: Redis  #: for the vendors' limits: a call cannot wait for a store that hangs
    sandbox: Sandbox
    vendors: VendorServices
    cache: StatusCache
    kits: VersionBundles
    facts: ScriptInputReader
    tokens: ReturnTokens
    bulletin: ChangeListener
    traces: TraceWriter
    forget: Callable[[str | None], None]  #: drops what is known of one implementation, or of all

    @property
    def about(self) -> str:
        """What this worker serves and how, for the line of the log that says that it has started."""
        report = self.sandbox.report
        return (
            f"version={version('session-status')} queue={QUEUE} runs={self.settings.worker_runs}"
            f" environment={self.settings.environment} runtime={report.runtime!r} jail={report.layers!r}"
        )

    def close(self) -> None:
        """After the last run: write the traces that are left, then let go of everything. The sandbox is not ours."""
        self.bulletin.close()
        self.traces.close()
        self.outages.close()
        self.vendors.close()
        self.brief_redis.close()
        self.redis.close()
        self.database.dispose()


#: Set in each thread of the worker.
WORKER_SERVICES: ContextVar[WorkerServices] = ContextVar("workshop")


def start_jail(settings: Settings) -> Sandbox:
    """The sandbox as the operator wants it, started. Call it before anything starts threads. Raises `JailTooWeak`."""
    return Sandbox(config=JailConfig(allow_weak=settings.sandbox_allow_weak, require=settings.sandbox_require)).start()


def open_worker_services(settings: Settings, sandbox: Sandbox) -> WorkerServices:
    """Put the parts together and start their threads. The sandbox has to be started before.

    Raises `NotStarted` when something of `start_checks` is not as it has to be.
    """
    check_start(settings, worker=True)
    outages = OutageLog.open(settings)
    database = Database(settings.database_url, environment=settings.environment, watch=outages)
    redis = connect(settings.redis_url, environment=settings.environment, watch=outages)
    outages.on_change = partial(note_outage, NotedErrors(redis))
    brief_redis = connect_brief(settings.redis_url, environment=settings.environment, watch=outages)
    kits = VersionBundles(
        database=database,
        box=SecretBox(settings.keys),
        sandbox=sandbox,
        most=settings.most,
        allow_loopback=settings.allow_loopback_vendors,
    )
    facts = ScriptInputReader(database)

    def drop(implementation: str | None) -> None:
        kits.drop(implementation)
        facts.drop(implementation)

    bulletin = ChangeListener(redis, on_changed=drop)
    watch = CrashWatch(database, on_suspended=bulletin.changed)
    workshop = WorkerServices(
        settings=settings,
        outages=outages,
        database=database,
        redis=redis,
        brief_redis=brief_redis,
        sandbox=sandbox,
        vendors=VendorServices(
            redis=brief_redis,
            allow_loopback=settings.allow_loopback_vendors,
            tls_ca_file=settings.vendor_ca_file or None,
            digest_key=digest_key(settings.secret_key),
        ),
        cache=StatusCache(redis),
        kits=kits,
        facts=facts,
        tokens=ReturnTokens(settings.keys, hours=settings.return_token_hours),
        bulletin=bulletin,
        traces=TraceWriter(database, on_stored=watch.look),
        forget=drop,
    )
    workshop.bulletin.ensure_started()
    workshop.traces.start()
    return workshop
