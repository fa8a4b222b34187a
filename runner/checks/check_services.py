"""What a background worker needs to check scripts: a jail that is started first, and a server with its own client of the store."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial

from records import Database, SecretBox
from runner.health.outages import OutageLog
from runner.runs.security_alarm import raise_alarm
from runner.runs.worker_services import JailTooWeak, start_jail
from runner.settings.operator_settings import Settings
from runner.store.clients import connect
from runner.trials.trial import TrialSandbox
from sandbox import Sandbox

from .check_server import CheckServer
from .run_server import RunServer

log = logging.getLogger(__name__)


def start_jail_for_checks(settings: Settings) -> Sandbox | None:
    """Start the jail, before any thread is started. None if it does not hold: then authors are told so, and jobs run all the same."""
    try:
        return start_jail(settings)
    except JailTooWeak as error:
        log.critical("no script can be checked by this worker: %s", error)
        return None


@contextmanager
def checking(settings: Settings, outages: OutageLog, sandbox: Sandbox | None) -> Iterator[None]:
    """Check what is ordered within the block, if there is a jail."""
    if sandbox is None:
        yield
        return
    with closing(connect(settings.redis_url, environment=settings.environment, watch=outages)) as redis:
        box = SecretBox(settings.keys)
        server = CheckServer(redis=redis, box=box, sandbox=sandbox)
        runs = RunServer(redis=redis, box=box, sandbox=TrialSandbox.over(sandbox), on_alarm=partial(_alarm, settings))
        for one in (server, runs):
            one.start()
        try:
            yield
        finally:
            for one in (server, runs):
                one.close()


def _alarm(settings: Settings, implementation: str, sha256: str) -> None:
    """Suspend the version with this text, if there is one, and log the alarm."""
    database = Database(settings.database_url, environment=settings.environment, pool_size=1)
    try:
        raise_alarm(database, implementation, sha256, what="a run in the test pane found it to leave the language")
    finally:
        database.dispose()
