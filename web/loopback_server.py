"""Serves a stand-in of development on this machine only: the demo vendor, the development identity provider.

Both give to everybody who asks what in the real world somebody has to earn, so neither may be reached from elsewhere or
run in production, and both say what they are. This file keeps these rules for them.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from flask import Flask, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from records import RecordsError
from records.maintenance import database_inspection
from records.storage.environment_mark import PRODUCTION
from runner.settings.operator_settings import Settings

HOST = "127.0.0.1"

#: Names by which a browser on this machine may call; any other Host header is a page of somebody else's (rebinding).
NAMES = ("127.0.0.1", "localhost")

#: Asked again and again by `up` and by pages; a line for each would bury the others.
QUIET_PATHS = ("/runs", "/live/healthz", "/healthz")

LARGEST_PORT = 65_535

log = logging.getLogger(__name__)


class QuietHandler(WSGIRequestHandler):
    """One line of the log for a request, without the query (names, tokens)."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - the base's signature
        """Write method, path and status."""
        path = self.path.split("?", 1)[0]
        if path not in QUIET_PATHS:
            log.info("%s %s %s", self.command, path, code)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's signature
        """Log what the server has to say besides, such as of a request that is none."""
        log.warning(format, *args)


def require_development(settings: Settings, why: str) -> None:
    """End the process in production, and on a database of production; `why` is the sentence that it leaves behind."""
    if settings.production:
        sys.exit(why)
    try:
        found = database_inspection.look(settings.database_url, own=settings.database_is_own)
    except RecordsError as error:
        sys.exit(f"{why} What the database was made for cannot be asked: {error}.")
    if found.counts_as == PRODUCTION:
        sys.exit(f"{why} The database was made for production.")


def port_of(arguments: list[str]) -> int:
    """Return the port which the one argument names. An address is refused: it would be a way to listen elsewhere."""
    if len(arguments) == 1 and arguments[0].isdecimal() and 0 < int(arguments[0]) <= LARGEST_PORT:
        return int(arguments[0])
    sys.exit(f"Say a port and nothing else: this listens on {HOST} only.")


def confine(app: Flask, policy: str) -> None:
    """Answer to this machine's names only, and give every page the headers that keep it harmless."""
    app.config["TRUSTED_HOSTS"] = list(NAMES)

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def serve(app: Flask, port: int) -> None:
    """Serve until killed."""
    make_server(HOST, port, app, threaded=True, request_handler=QuietHandler).serve_forever()
