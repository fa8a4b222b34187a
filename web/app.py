"""Puts the web application together: the only place where views, checks and services are registered."""

from __future__ import annotations

from flask import Flask

from records import Database, SecretBox
from runner.checks.script_checks import ScriptChecks
from runner.checks.script_runs import ScriptRuns
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
from web.auth.login_choice import views as login_choice
from web.auth.logins import Logins
from web.auth.saml import views as saml
from web.auth.services import AuthServices
from web.auth.staff import authorization, form_limits, staff_member
from web.authors import run_views, submission_views, token_views, version_views
from web.config import WebConfig
from web.console import attendance_pages, audit, first_administrator, notices, outbox, script_pages, settings_pages
from web.console import views as console
from web.console.layout import page_frame
from web.console.people import roles
from web.console.people import views as people
from web.console.runs import counts
from web.console.runs import views as runs
from web.console.scripts import review_queue
from web.health import views as health
from web.health.views import Checks
from web.hooks import views as hooks
from web.middleware import csrf_tokens, outage_answers, request_checks, response_headers
from web.middleware.client_address import ClientAddress
from web.middleware.public_address import AtPublicAddress
from web.middleware.request_ids import RequestIds
from web.openapi import document as openapi
from web.own_attendance import views as own_attendance
from web.root import views as root
from web.scanner import decoder_files, pairing, people_search, scanner_start
from web.scanner import page as scanner
from web.scanner import shell as scanner_shell
from web.scanner import views as scans
from web.status import returns
from web.status import views as status
from web.status.fast_path import FastPath
from web.status.rate_limit import StatusRateLimits
from web.status.services import StatusEndpointServices
from web.unsubscribe import views as unsubscribe
from web.widget import views as widget

#: Modules with views, each with its `blueprint`.
APP_VIEWS = (
    status,
    returns,
    scans,
    hooks,
    scanner,
    widget,
    own_attendance,
    decoder_files,
    people_search,
    scanner_start,
    pairing,
    app_pages,
    app_calls,
    health,
    openapi,
    root,
    unsubscribe,
)
LOGIN_VIEWS = (login_choice, saml, external)
AUTHOR_VIEWS = (submission_views, version_views, run_views, token_views)
CONSOLE_VIEWS = (console, first_administrator, people, roles, runs, counts, review_queue, audit, notices, outbox)


def create_app(  # noqa: PLR0913 - the parts of a process, each named once
    settings: Settings,
    *,
    status_service: StatusService,
    database: Database,
    checks: Checks,
    store: LoginStore,
    outbound: OutboundRequests,
    outages: OutageLog | None = None,
) -> Flask:
    """Build the application from its parts. `checks` are the readiness checks, by part.

    `outbound` makes the application's own requests, for example for metadata and keys. `outages` is told by the clients
    of these parts when they get no answer; without it, refusals still have a reference, but nothing checks whether the
    outage is over.

    The caller owns these parts and closes them. Nothing is started here, and the environment is not read.
    """
    config = WebConfig.from_settings(settings)
    app = AtPublicAddress("web", public_url=config.public_url)
    app.debug = False  # otherwise Flask reads FLASK_DEBUG
    app.config["TEMPLATES_AUTO_RELOAD"] = not config.production
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it
    templating.install(app)

    # What every request passes on its way in and every response on its way out, outermost first.
    response_headers.install(app, config)
    assets.install(app)
    request_checks.install(app, config)
    form_limits.install(app)
    csrf_tokens.install(app, config)
    authorization.install(app)
    problem_details.install(app)
    outage_answers.install(app, outages or OutageLog({}))
    error_references.install(app, store.errors)

    # The services that views share.
    logins = Logins(secret_keys=config.secret_keys, secure=config.secure, store=store)
    status_services = StatusEndpointServices(
        config=config,
        status_service=status_service,
        database=database,
        logins=logins,
        rate_limits=StatusRateLimits(settings.web_asks),
    )
    app.extensions["status services"] = status_services
    app.extensions["health checks"] = checks
    box = SecretBox(settings.keys)
    app.extensions["auth services"] = AuthServices(
        config=config,
        database=database,
        box=box,
        logins=logins,
        store=store,
        outbound=outbound,
        jobs=BackgroundQueue(store.redis, OrderSigner(settings.keys)),
        changed=status_service.changed,
        finish_start=finish_start,
        script_checks=ScriptChecks(store.redis, box),
        script_runs=ScriptRuns(store.redis, box, most=settings.most, allow_loopback=settings.allow_loopback_vendors),
    )

    staff_member.install(app)
    page_frame.install(app)
    scanner_shell.install(app)
    for views in (*APP_VIEWS, *AUTHOR_VIEWS, *LOGIN_VIEWS, *CONSOLE_VIEWS):
        app.register_blueprint(views.blueprint)
    settings_pages.install(app, settings)
    script_pages.install(app)
    attendance_pages.install(app)
    app.wsgi_app = FastPath(app.wsgi_app, status_services)  # type: ignore[method-assign]  # Flask's own way to add a WSGI middleware
    if config.trusted_proxies:
        # Only the client's address: our scheme and host come from the settings, whatever a proxy says.
        app.wsgi_app = ClientAddress(app.wsgi_app, config.trusted_proxies)  # type: ignore[method-assign]  # as above
    app.wsgi_app = RequestIds(app.wsgi_app)  # type: ignore[method-assign]  # as above
    return app
