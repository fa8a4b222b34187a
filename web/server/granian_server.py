"""The setup of the web server, granian. It is meant to run behind a proxy.

Its event loop, in Rust, accepts connections and reads heads; ours, in Python, reads bodies; threads run the application
only on complete requests (docs/decisions/0010). Each worker process is a new interpreter, which builds its own application.
"""

from __future__ import annotations

import gc
import logging
import multiprocessing
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.metadata import version
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from runner.settings.operator_settings import Settings
from runner.settings.readers import address_and_port
from web.import_pause import import_pause
from web.server.listen_check import listening_fault
from web.server.open_files import room_for

#: Seconds for a whole head, from the start of the connection or the end of the previous response. So this is also how long
#: an idle connection stays open for the next request of a proxy.
HEAD_S = 5

#: Most bytes of a head; `web.server.request_head` limits its parts.
HEAD_BYTES = 32 * 1024

#: Seconds that running requests have to finish; the longest wait is two.
GRACE_S = 8

#: Connections that wait in the kernel until they are accepted.
BACKLOG = 1024

log = logging.getLogger(__name__)


class AddressTakenError(Exception):
    """The server cannot listen on its address, usually because another process does. The text says why."""


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; then finish the requests in progress.

    Raises AddressTakenError and TooFewFilesError.
    """
    run(settings, partial(_served, settings))


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
        backpressure=room_for(settings.web_connections),
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


def _served(settings: Settings) -> Any:
    """Build what a worker process serves. Called in that process, so that only there the application is imported."""
    with import_pause():
        served = import_module("web.server.served_app").load(settings)
    gc.freeze()  # none of it is garbage before the end, and looking through it would hold up requests
    return served
