"""What a background worker needs to check scripts: a jail that is started first, and a server with its own client of the store."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager

from records import SecretBox
from runner.health.outages import OutageLog
from runner.runs.worker_services import JailTooWeak, start_jail
from runner.settings.operator_settings import Settings
from runner.store.clients import connect
from sandbox import Sandbox

from .check_server import CheckServer

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
        server = CheckServer(redis=redis, box=SecretBox(settings.keys), sandbox=sandbox)
        server.start()
        try:
            yield
        finally:
            server.close()
