"""The web server: gunicorn with threads, set up here and nowhere else. For a proxy to stand in front of.

The application is built in each worker process after the fork, because the desk's listener is a thread, and threads do
not survive a fork.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.workers.gthread import ThreadWorker

from records import Database, Unavailable
from runner.logins import LoginStore
from runner.outreach import Outreach
from runner.presence import store_answers, worker_is_there
from runner.settings import Settings
from runner.status import StatusDesk
from runner.store import connect
from web.app import create_app

#: Seconds in which a worker process must say that it lives, and which running requests get to end.
TIMEOUT_S = 30

#: Seconds that one request may take from its first byte to the end of its answer; the longest wait is two.
REQUEST_S = 6
GRACE_S = 10

#: Seconds an idle connection stays open for a proxy's next request.
KEEP_ALIVE_S = 5

#: A provider's signed logout travels in an address, and is the longest of ours: as much as gunicorn can. In bytes.
REQUEST_LINE = 8190
FIELDS = 64
FIELD_SIZE = 8190


def serve(settings: Settings) -> None:
    """Serve until told to stop (SIGTERM: after the running requests; SIGINT: at once)."""
    _Server(settings).run()


def open_app(settings: Settings) -> tuple[Flask, Callable[[], None]]:
    """Build the application on the real parts; also return what closes them."""
    database = Database(settings.database_url, environment=settings.environment)
    desk = StatusDesk.open(settings, database)
    store = connect(settings.redis_url, environment=settings.environment)
    login_store = LoginStore.open(settings)
    outreach = Outreach.open(settings)

    def database_is_current() -> bool:
        try:
            return database.is_current()
        except Unavailable:
            return False

    checks = {
        "store": lambda: store_answers(store),
        "database": database_is_current,
        "worker": lambda: worker_is_there(store),
    }

    def close() -> None:
        desk.close()
        outreach.close()
        login_store.close()
        store.close()
        database.dispose()

    app = create_app(settings, desk=desk, database=database, checks=checks, store=login_store, outreach=outreach)

    return app, close


def options(settings: Settings) -> dict[str, Any]:
    """Return gunicorn's options."""
    return {
        "bind": settings.web_bind,
        "worker_class": BoundedWorker,
        "workers": settings.web_processes,
        "threads": settings.web_threads,
        "timeout": TIMEOUT_S,
        "graceful_timeout": GRACE_S,
        "keepalive": KEEP_ALIVE_S,
        "limit_request_line": REQUEST_LINE,
        "limit_request_fields": FIELDS,
        "limit_request_field_size": FIELD_SIZE,
        # Whom to believe is decided in one place, by `trusted_proxies`.
        "forwarded_allow_ips": "",
        "forwarder_headers": "",
        "preload_app": False,
        "loglevel": settings.log_level.lower(),
        # A socket in the home directory through which the server can be steered: nobody here needs it.
        "control_socket_disable": True,
    }


class BoundedWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn's threads, each of which a client may have for so long and no longer.

    Gunicorn waits for ever for the rest of a request, so as many half requests as there are threads would stop a
    process. The main loop looks once a second and hangs up on whoever has a thread for too long.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._began: dict[Any, float] = {}

    def handle(self, conn: Any) -> Any:
        """Serve one request, in a thread."""
        self._began[conn] = time.monotonic()
        try:
            return super().handle(conn)
        finally:
            del self._began[conn]

    def murder_keepalived(self, force: bool = False) -> None:  # noqa: FBT001, FBT002 - gunicorn's signature
        """Called by the main loop about once a second."""
        super().murder_keepalived(force)
        late = time.monotonic() - REQUEST_S
        for conn, began in list(self._began.items()):
            if began < late:
                with suppress(OSError):  # it has just ended
                    conn.sock.shutdown(socket.SHUT_RDWR)


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """Gunicorn with our options instead of files, arguments and the environment."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._close: Callable[[], None] | None = None
        super().__init__()

    def load_config(self) -> None:
        for name, value in options(self._settings).items():
            self.cfg.set(name, value)
        self.cfg.set("worker_exit", self._left)

    def load(self) -> Flask:
        app, self._close = open_app(self._settings)
        return app

    def _left(self, server: object, worker: object) -> None:  # noqa: ARG002 - gunicorn's signature
        """Close the parts when a worker process ends."""
        if self._close:
            self._close()
