"""Puts the web application together. This is the one place; nothing is registered by being imported."""

from __future__ import annotations

from flask import Flask

from records import Database, SecretBox
from runner.health.outages import OutageLog
from runner.logins import LoginStore
from runner.powers.outbound_requests import OutboundRequests
from runner.queues.background_jobs import BackgroundQueue
from runner.queues.job_orders import OrderSigner
from runner.settings.operator_settings import Settings
from runner.status.service import StatusService
from web import assets, error_references, problem_details, templating
from web.auth.app import login_pages as app_pages
from web.auth.app import token_endpoints as app_calls
from web.auth.app.login_starts import finish_start
from web.auth.external import views as external
from web.auth.login_choice import views as ways
from web.auth.logins import Logins
from web.auth.saml import views as saml
from web.auth.services import AuthServices
from web.auth.staff import authorization, form_limits, staff_member
from web.config import WebConfig
from web.console import audit, first_administrator, settings_pages
from web.console import views as console
from web.console.layout import page_frame
from web.console.people import roles
from web.console.people import views as people
from web.console.runs import views as runs
from web.health import views as health
from web.health.views import Checks
from web.middleware import csrf_tokens, outage_answers, request_checks, response_headers
from web.middleware.client_address import ClientAddress
from web.middleware.public_address import AtPublicAddress
from web.middleware.request_ids import RequestIds
from web.openapi import views as openapi
from web.root import views as root
from web.status import returns
from web.status import views as status
from web.status.fast_path import FastPath
from web.status.rate_limit import ReturnRateLimit
from web.status.services import StatusEndpointServices
from web.widget import views as widget

#: Modules with views, each with its `blueprint`.
FOR_APPS = (status, returns, widget, app_pages, app_calls, health, openapi, root)
WAYS_IN = (ways, saml, external)
CONSOLE = (console, first_administrator, people, roles, runs, audit)


def create_app(  # noqa: PLR0913 - the parts of a process, each named once
    settings: Settings,
    *,
    desk: StatusService,
    database: Database,
    checks: Checks,
    store: LoginStore,
    outreach: OutboundRequests,
    outages: OutageLog | None = None,
) -> Flask:
    """Build the application around a desk (what answers), the records, the checks of readiness by part, and the logins.

    `outreach` makes the application's own requests, such as for metadata and keys. `outages` is what the clients of these
    parts tell when they get no answer; without one, refused answers have a reference, and nothing asks for the end.

    The caller owns these parts and closes them. Nothing is started here, and no environment is read.
    """
    config = WebConfig.from_settings(settings)
    app = AtPublicAddress("web", public_url=config.public_url)
    app.debug = False  # Flask would believe FLASK_DEBUG
    app.config["TEMPLATES_AUTO_RELOAD"] = not config.production
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    templating.install(app)

    # The onion, outermost first: what every request passes on its way in, and every answer on its way out.
    response_headers.install(app, config)
    assets.install(app)
    request_checks.install(app, config)
    form_limits.install(app)
    csrf_tokens.install(app, config)
    authorization.install(app)
    problem_details.install(app)
    outage_answers.install(app, outages or OutageLog({}))
    error_references.install(app, store.errors)

    # The parts which views share.
    known = Logins(secret_keys=config.secret_keys, secure=config.secure, store=store)
    counter = StatusEndpointServices(config=config, desk=desk, database=database, logins=known, pace=ReturnRateLimit())
    app.extensions["counter"] = counter
    app.extensions["health checks"] = checks
    app.extensions["entrance"] = AuthServices(
        config=config,
        database=database,
        box=SecretBox(settings.keys),
        logins=known,
        store=store,
        outreach=outreach,
        jobs=BackgroundQueue(store.redis, OrderSigner(settings.keys)),
        changed=desk.changed,
        finish_start=finish_start,
    )

    staff_member.install(app)
    page_frame.install(app)
    for views in (*FOR_APPS, *WAYS_IN, *CONSOLE):
        app.register_blueprint(views.blueprint)
    settings_pages.install(app, settings)
    app.wsgi_app = FastPath(app.wsgi_app, counter)  # type: ignore[method-assign]  # Flask's own way to wrap it
    if config.trusted_proxies:
        # Only who asked: our own scheme and host come from the settings, whatever a proxy says.
        app.wsgi_app = ClientAddress(app.wsgi_app, config.trusted_proxies)  # type: ignore[method-assign]  # Flask's own way to put a layer around an application
    app.wsgi_app = RequestIds(app.wsgi_app)  # type: ignore[method-assign]  # Flask's own way to put a layer around an application
    return app
