"""What a worker process of the web server serves: the application with its real parts, behind the server's event loop.

Only worker processes import this. The process that supervises them needs none of it: it starts sooner, and stays small.
"""

from __future__ import annotations

import atexit
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Flask

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
from web.server.granian_server import GRACE_S
from web.server.open_files import room_for
from web.server.request_body import RequestBodies
from web.server.slow_readers import SlowReaders
from web.server.wsgi_bridge import WsgiBridge
from web.status.loop_responses import LoopResponses
from web.status.services import StatusEndpointServices


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
    room_for(settings.web_connections)
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


def _end_with_parent() -> None:
    """Wait until the parent process ends; then stop in order, and after the grace period immediately."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S)
    os._exit(1)
