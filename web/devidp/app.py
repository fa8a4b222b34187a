"""Builds the development identity provider as a Flask application, with the templates and style sheet of the service."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from flask import Flask

from web import assets, loopback_server, templating

from . import logout, views
from .identity import Identity
from .idp_logins import IdpLogins
from .incoming_messages import MessageValidator
from .service_providers import ServiceProviders
from .services import IdpServices

log = logging.getLogger(__name__)

#: Bytes of a form: the name of a person.
BODY = 4 * 1024


def create_idp(
    identity: Identity, providers: ServiceProviders, *, service_url: str, app_origins: tuple[str, ...] = ()
) -> Flask:
    """Build the identity provider. `app_origins` are the apps to which a login may return."""
    log.warning("The development identity provider is on: anyone can log in as anyone.")
    app = Flask("web", template_folder="templates", static_folder="static")
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = BODY
    templating.install(app)
    IdpServices(identity, MessageValidator(identity, providers), IdpLogins(), service_url).attach(app)
    assets.install(app)
    for part in (views, logout):
        app.register_blueprint(part.blueprint)
    # Browsers apply a form's policy to all redirects that follow it.
    service = urlsplit(service_url)
    forms = " ".join(("'self'", f"{service.scheme}://{service.netloc}", *app_origins))
    loopback_server.confine(
        app,
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
        f"form-action {forms}; frame-ancestors 'none'; base-uri 'none'",
    )
    return app
