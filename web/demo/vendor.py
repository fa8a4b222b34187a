"""The demo process: the vendors' sites and APIs, their switches, and the app's pages, on one loopback port.

Started by `session-status up` with `python -m web.demo.vendor`. It refuses to run in production: it lends out credit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from records import Database
from runner.settings import Settings

from . import control, cvent, ethosce, live, pages
from .keys import vendor_keys
from .ledger import Ledger
from .memory import DemoRecords
from .pages import AppData
from .site import Site
from .switches import Switchboard

APIS = (ethosce.API, cvent.API)


def make_site(folder: Path, *, service_url: str, own_url: str) -> Site:
    """Everything the pages share, read from the demo's folder."""
    keys = vendor_keys(folder)
    return Site(
        ledger=Ledger(folder / "ledger.json"),
        switches=Switchboard(folder / "switches.json", APIS),
        keys=keys,
        service_url=service_url,
        own_url=own_url,
    )


def create_vendor(shared: Site, known: AppData) -> Flask:
    """Make the whole demo process as one WSGI application."""
    app = Flask("web.demo")
    app.config["TRUSTED_HOSTS"] = ["127.0.0.1", "localhost"]
    shared.attach(app)
    known.attach(app)
    for part in (ethosce, cvent, control, live, pages):
        app.register_blueprint(part.blueprint)
    policy = (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"frame-src {shared.service_url}; frame-ancestors 'none'; base-uri 'none'; "
        f"form-action 'self' {shared.service_url} {shared.own_url}"
    )

    @app.after_request
    def confine(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = policy
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return app


class QuietHandler(WSGIRequestHandler):
    """One line for a request, without the time (the supervisor's log has it) and without the query (names, tokens)."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:  # noqa: ARG002 - the base's signature
        """Write method, path and status."""
        path = self.path.split("?", 1)[0]
        if path not in ("/runs", "/live/healthz"):
            sys.stdout.write(f"{self.command} {path} {code}\n")
            sys.stdout.flush()


def main(arguments: list[str], environment: Mapping[str, str]) -> None:
    """Serve on the port which the first argument names, until killed."""
    settings = Settings.from_environment(environment)
    if settings.production:
        sys.exit("The demo vendor is for development only: it gives credit to everybody who asks.")
    port = int(arguments[0])
    shared = make_site(
        settings.data_folder / "demo", service_url=settings.public_url, own_url=f"http://127.0.0.1:{port}"
    )
    known = DemoRecords(Database(settings.database_url))
    app = create_vendor(shared, AppData(known.sessions, known.runs, lambda: datetime.now(UTC)))
    make_server("127.0.0.1", port, app, threaded=True, request_handler=QuietHandler).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:], os.environ)
