"""The demo process: the vendors' sites and APIs, their switches, printable badges, and the app's pages, on one loopback port.

`session-status up` forks it, and it calls `main`. It refuses to run in production, because it gives credit away.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask

from records import Database
from runner.logs.process_log import start_log
from runner.settings.operator_settings import Settings
from web import loopback_server, templating

from . import app_pages, control_page, cvent, ethosce, streaming_site
from .app_pages import AppData
from .badges import printed_badges
from .facts.fact_pushes import FactPushes
from .ledger import Ledger
from .records_reader import DemoRecords
from .services import DemoServices
from .switches import Switchboard
from .vendor_keys import vendor_keys

APIS = (ethosce.API, cvent.API)


def open_services(folder: Path, *, service_url: str, own_url: str) -> DemoServices:
    """Read what the pages share from the demo's folder."""
    keys, ledger = vendor_keys(folder), Ledger(folder / "ledger.json")
    return DemoServices(
        ledger=ledger,
        switches=Switchboard(folder / "switches.json", APIS),
        keys=keys,
        service_url=service_url,
        fact_pushes=FactPushes(folder, ledger, service_url),
        own_url=own_url,
    )


def create_vendor(services: DemoServices, app_data: AppData) -> Flask:
    """Make the whole demo process as one WSGI application."""
    app = Flask("web.demo")
    templating.install(app)
    services.attach(app)
    app_data.attach(app)
    for part in (ethosce, cvent, control_page, streaming_site, printed_badges, app_pages):
        app.register_blueprint(part.blueprint)
    loopback_server.confine(
        app,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"frame-src {services.service_url}; frame-ancestors 'none'; base-uri 'none'; "
        f"form-action 'self' {services.service_url} {services.own_url}",
    )
    return app


def main(arguments: list[str], environment: Mapping[str, str]) -> None:
    """Serve on the port of the first argument, until killed."""
    settings = Settings.from_environment(environment)
    start_log(settings)
    loopback_server.require_development(
        settings, "The demo vendor is for development only: it gives credit to everyone who asks."
    )
    port = loopback_server.port_of(arguments)
    services = open_services(
        settings.data_folder / "demo", service_url=settings.public_url, own_url=f"http://{loopback_server.HOST}:{port}"
    )
    reader = DemoRecords(Database(settings.database_url, environment=settings.environment))
    app = create_vendor(services, AppData(reader.sessions, reader.runs, lambda: datetime.now(UTC)))
    loopback_server.serve(app, port)
