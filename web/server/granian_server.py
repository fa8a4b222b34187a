"""The setup of the web server, granian. It is meant to run behind a proxy.

Its event loop, in Rust, accepts connections and reads heads; ours, in Python, reads bodies; threads run the application
only on complete requests (docs/decisions/0010). Each worker process is a new interpreter, which builds its own application.
"""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from typing import Any

from flask import Flask
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from records import Database, DatabaseUnavailable
from runner.health.outages import OutageLog
from runner.logins import LoginStore
from runner.logs.process_log import start_log
from runner.powers.outbound_requests import OutboundRequests
from runner.settings.operator_settings import Settings
from runner.settings.readers import address_and_port
from runner.status.no_run_answer import note_outage
from runner.status.service import StatusService
from runner.store.clients import connect
from runner.store.memory import has_room
from runner.store.worker_heartbeat import BACKGROUND, CHECKS, store_serves, worker_is_there
from web.app import create_app
from web.health.prompt_check import PromptCheck
from web.health.views import Checks
from web.middleware.request_checks import body_limit
from web.server.listen_check import listening_fault
from web.server.request_body import RequestBodies
from web.server.slow_readers import SlowReaders
from web.server.wsgi_bridge import WsgiBridge
from web.status.loop_responses import LoopResponses
from web.status.services import StatusEndpointServices

#: Seconds for a whole head, from the start of the connection or the end of the previous response. So this is also how long
#: an idle connection stays open for the next request of a proxy.
HEAD_S = 5

#: Most bytes of a head; `web.server.request_head` limits its parts.
HEAD_BYTES = 32 * 1024

#: Seconds that running requests have to finish; the longest wait is two.
GRACE_S = 8

#: Connections that wait in the kernel until they are accepted.
BACKLOG = 1024

#: Open files that a process needs besides its connections, and the fewest connections with which it starts.
OTHER_FILES = 256
LEAST_CONNECTIONS = 64

log = logging.getLogger(__name__)


class AddressTakenError(Exception):
    """The server cannot listen on its address, usually because another process does. The text says why."""


class TooFewFilesError(Exception):
    """The limit on open files allows too few connections. The text names both numbers."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then finish the requests in progress.

    Raises AddressTakenError and TooFewFilesError.
    """
    run(settings, partial(load, settings))


def run(settings: Settings, loader: Callable[[], Any]) -> None:
    """Serve the `WsgiBridge` that `loader` makes. Each worker process calls it."""
    host, port = address_and_port(settings.web_bind)
    _, fault = listening_fault(settings.web_bind)
    if fault:
        raise AddressTakenError(fault)
    # New interpreters: when the server starts the second process, it already has threads, so it must not fork.
    multiprocessing.set_start_method("spawn", force=True)
    server = Granian(
        "web",
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=HEAD_S * 1000, max_buffer_size=HEAD_BYTES),
        websockets=False,
        loop=Loops.uvloop,
        workers=settings.web_processes,
        backlog=BACKLOG,
        backpressure=_room_for(settings.web_connections),
        workers_kill_timeout=GRACE_S,
        respawn_failed_workers=True,
        log_level=LogLevels(settings.log_level.lower()),
        # Its messages go to our log. There is no access log, because some addresses contain one-time values.
        log_dictconfig={"formatters": {}, "handlers": {}, "loggers": {"_granian": {"propagate": True}}},
    )
    server.on_startup(lambda: log.info("web started %s", _about(settings)))
    server.on_shutdown(lambda: log.info("web ended"))
    server.serve(target_loader=loader, wrap_loader=False)


def _about(settings: Settings) -> str:
    return (
        f"version={version('session-status')} address={settings.web_bind} public_url={settings.public_url}"
        f" environment={settings.environment} processes={settings.web_processes} threads={settings.web_threads}"
    )


def load(settings: Settings) -> WsgiBridge:
    """Build what a worker process serves. Called in that process."""
    start_log(settings)
    app, close = open_app(settings)
    services: StatusEndpointServices = app.extensions["status services"]
    return bridge(settings, app, close, LoopResponses(services, services.status_service.loop_answers()))


def bridge(
    settings: Settings, app: Flask, close: Callable[[], None], in_loop: LoopResponses | None = None
) -> WsgiBridge:
    """Connect an application to the server's event loop. Called in a worker process."""
    _room_for(settings.web_connections)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    SlowReaders(address_and_port(settings.web_bind)[1]).start()
    return WsgiBridge(
        app,
        bodies=RequestBodies(body_limit(app)),
        threads=settings.web_threads,
        public_url=settings.public_url,
        in_loop=in_loop,
        close=partial(_close_for_good, close),
    )


def open_app(settings: Settings) -> tuple[Flask, Callable[[], None]]:
    """Build the application with its real parts; also return a function that closes them."""
    outages = OutageLog.open(settings)
    database = Database(settings.database_url, environment=settings.environment, watch=outages)
    status_service = StatusService.open(settings, database, outages)
    store = connect(settings.redis_url, environment=settings.environment, watch=outages)
    login_store = LoginStore.open(settings, outages)
    outbound = OutboundRequests.open(settings, outages)
    outages.on_change = partial(note_outage, login_store.errors)

    def database_is_current() -> bool:
        try:
            return database.is_current()
        except DatabaseUnavailable:
            return False

    database_check = PromptCheck(database_is_current)
    checks: Checks = {
        "store": lambda: store_serves(store),
        "store_memory": lambda: has_room(store),
        "database": database_check,
        "workers": lambda: worker_is_there(store),
        "background_workers": lambda: worker_is_there(store, BACKGROUND),
        "check_workers": lambda: worker_is_there(store, CHECKS),
    }

    def close() -> None:
        outages.close()
        database_check.close()
        status_service.close()
        outbound.close()
        login_store.close()
        store.close()
        database.dispose()

    parts: dict[str, Any] = {
        "status_service": status_service,
        "database": database,
        "store": login_store,
        "outbound": outbound,
    }
    return create_app(settings, checks=checks, outages=outages, **parts), close


def _close_for_good(close: Callable[[], None]) -> None:
    """Close an application, and let its process end without taking Python apart.

    The server's threads may still be on their way to Python then. Before version 3.14, Python ends such a thread in a way
    that Rust takes for a bug: the process aborted with a page of plain text in the log. A worker process that failed is not
    closed, and ends with its own exit status.
    """
    close()
    atexit.register(_end_now)


def _end_now() -> None:
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _room_for(connections: int) -> int:
    """Raise the limit on open files for this many connections; return how many the process can serve.

    Raises TooFewFilesError.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < connections + OTHER_FILES:
        wanted = connections + OTHER_FILES
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        if soft - OTHER_FILES < LEAST_CONNECTIONS:
            raise TooFewFilesError(
                f"The limit on open files is {soft}. The web server needs at least {LEAST_CONNECTIONS + OTHER_FILES}."
            )
        if soft < wanted:
            log.warning("at most %d connections: the limit on open files is %d", soft - OTHER_FILES, soft)
            return soft - OTHER_FILES
    return connections


def _end_with_parent() -> None:
    """Wait until the parent process ends; then stop in order, and after the grace period immediately."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)
