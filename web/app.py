"""Puts the web application together. This is the one place; nothing is registered by being imported."""

from __future__ import annotations

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from records import Database
from runner.logins import LoginStore
from runner.settings import Settings
from runner.status import StatusDesk
from web import assets, gate, headers, problems
from web.auth import logins
from web.config import WebConfig
from web.health import views as health
from web.health.views import Checks
from web.login import views as login_pages
from web.openapi import views as openapi
from web.status import returns
from web.status import views as status
from web.status.asking import Counter
from web.status.pace import Pace
from web.status.short_way import ShortWay
from web.widget import views as widget


def create_app(settings: Settings, *, desk: StatusDesk, database: Database, checks: Checks, store: LoginStore) -> Flask:
    """Build the application around a desk (what answers), the records, the checks of readiness by part, and the logins.

    The caller owns these parts and closes them. Nothing is started here, and no environment is read.
    """
    config = WebConfig.from_settings(settings)
    app = Flask("web", template_folder="templates", static_folder="static")
    app.debug = False  # Flask would believe FLASK_DEBUG
    app.config["TEMPLATES_AUTO_RELOAD"] = not config.production
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    # The onion, outermost first: what every request passes on its way in, and every answer on its way out.
    headers.install(app, config)
    assets.install(app)
    gate.install(app, config)
    problems.install(app)
    counter = Counter(
        config=config, desk=desk, database=database, logins=logins.install(app, config, store), pace=Pace()
    )
    app.extensions["counter"] = counter
    app.extensions["health checks"] = checks

    for blueprint in (status.blueprint, returns.blueprint, widget.blueprint, health.blueprint, openapi.blueprint):
        app.register_blueprint(blueprint)
    if not config.production:
        login_pages.install(app)
    app.wsgi_app = ShortWay(app.wsgi_app, counter)  # type: ignore[method-assign]  # Flask's own way to wrap it
    if config.trusted_proxies:
        # Only who asked: hosts and addresses of ours come from the settings, whatever a proxy says.
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    return app
