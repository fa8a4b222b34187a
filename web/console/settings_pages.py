"""Puts the settings pages into the application. The modules below have the views of their one blueprint."""

from __future__ import annotations

from flask import Flask

from runner.settings.operator_settings import Settings
from web.console.settings import app_login, retirement, role_limit
from web.console.settings.agenda import import_views as agenda_check
from web.console.settings.agenda import job_views as agenda_jobs
from web.console.settings.agenda import views as agenda
from web.console.settings.attendance import retention
from web.console.settings.attendance import views as attendance
from web.console.settings.badges import job_views as badge_jobs
from web.console.settings.badges import views as badges
from web.console.settings.connections import views as connections
from web.console.settings.devices import views as devices
from web.console.settings.external import views as external
from web.console.settings.facts import preparations
from web.console.settings.facts import views as facts
from web.console.settings.general import views as general
from web.console.settings.general.views import OPERATOR_LIMITS
from web.console.settings.identity import attributes, login_test, provider, provider_certificates
from web.console.settings.roster import views as roster
from web.console.settings.views_base import blueprint
from web.console.settings.webhook import views as webhook

#: The modules whose views the blueprint collects when they are imported.
VIEWS = (
    agenda,
    agenda_check,
    agenda_jobs,
    attendance,
    retention,
    badges,
    badge_jobs,
    connections,
    devices,
    external,
    facts,
    preparations,
    general,
    login_test,
    attributes,
    provider,
    provider_certificates,
    roster,
    webhook,
    app_login,
    role_limit,
    retirement,
)


def install(app: Flask, settings: Settings) -> None:
    """Register the pages; the operator's limits bound what they may set."""
    app.extensions[OPERATOR_LIMITS] = settings.most
    app.register_blueprint(blueprint)
