"""Serves a stand-in of development on this machine only: the demo vendor or the development identity provider.

Both grant any request without proof, so neither may be reached from another machine or run in production, and both
say what they are. This module enforces these rules.
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

#: Host names that a browser on this machine may use. Any other Host header points to DNS rebinding.
NAMES = ("127.0.0.1", "localhost")

#: Paths that `up` and pages request again and again; logging them would hide the other lines.
QUIET_PATHS = ("/runs", "/live/healthz", "/healthz")

LARGEST_PORT = 65_535

log = logging.getLogger(__name__)


class QuietHandler(WSGIRequestHandler):
    """Logs one line for each request, without the query, which can hold names and tokens."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - the base's signature
        """Write method, path and status."""
        path = self.path.split("?", 1)[0]
        if path not in QUIET_PATHS:
            log.info("%s %s %s", self.command, path, code)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's signature
        """Log other messages of the server, for example about a malformed request."""
        log.warning(format, *args)


def require_development(settings: Settings, why: str) -> None:
    """Exit with the sentence `why` in production, or if the database was made for production."""
    if settings.production:
        sys.exit(why)
    try:
        found = database_inspection.look(settings.database_url, own=settings.database_is_own)
    except RecordsError as error:
        sys.exit(f"{why} The purpose of the database cannot be determined: {error}.")
    if found.counts_as == PRODUCTION:
        sys.exit(f"{why} The database was made for production.")


def port_of(arguments: list[str]) -> int:
    """Return the port that the only argument names. An address is refused, because this must listen on this machine only."""
    if len(arguments) == 1 and arguments[0].isdecimal() and 0 < int(arguments[0]) <= LARGEST_PORT:
        return int(arguments[0])
    sys.exit(f"The only argument must be a port: this listens on {HOST} only.")


def confine(app: Flask, policy: str) -> None:
    """Accept the host names of this machine only, and add the security headers to every page."""
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
