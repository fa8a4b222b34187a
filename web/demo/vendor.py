"""The demo process: the vendors' sites and APIs, their switches, and the app's pages, on one loopback port.

Started by `session-status up` with `python -m web.demo.vendor`. It refuses to run in production: it lends out credit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from records import Database
from runner.settings.table import Settings
from web import loopback, templating

from . import control, cvent, ethosce, live, pages
from .keys import vendor_keys
from .ledger import Ledger
from .memory import DemoRecords
from .pages import AppData
from .site import DemoServices
from .switches import Switchboard

APIS = (ethosce.API, cvent.API)


def make_site(folder: Path, *, service_url: str, own_url: str) -> DemoServices:
    """Everything the pages share, read from the demo's folder."""
    keys = vendor_keys(folder)
    return DemoServices(
        ledger=Ledger(folder / "ledger.json"),
        switches=Switchboard(folder / "switches.json", APIS),
        keys=keys,
        service_url=service_url,
        own_url=own_url,
    )


def create_vendor(shared: DemoServices, known: AppData) -> Flask:
    """Make the whole demo process as one WSGI application."""
    app = Flask("web.demo")
    templating.install(app)
    shared.attach(app)
    known.attach(app)
    for part in (ethosce, cvent, control, live, pages):
        app.register_blueprint(part.blueprint)
    loopback.confine(
        app,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"frame-src {shared.service_url}; frame-ancestors 'none'; base-uri 'none'; "
        f"form-action 'self' {shared.service_url} {shared.own_url}",
    )
    return app


def main(arguments: list[str], environment: Mapping[str, str]) -> None:
    """Serve on the port which the first argument names, until killed."""
    settings = Settings.from_environment(environment)
    loopback.require_development(
        settings, "The demo vendor is for development only: it gives credit to everybody who asks."
    )
    port = loopback.port_of(arguments)
    shared = make_site(
        settings.data_folder / "demo", service_url=settings.public_url, own_url=f"http://{loopback.HOST}:{port}"
    )
    known = DemoRecords(Database(settings.database_url, environment=settings.environment))
    app = create_vendor(shared, AppData(known.sessions, known.runs, lambda: datetime.now(UTC)))
    loopback.serve(app, port)


if __name__ == "__main__":
    main(sys.argv[1:], os.environ)
