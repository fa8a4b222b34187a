"""CSRF tokens: the second check, after that of the origin, that a form was sent by one of our own pages.

Flask-WTF makes and checks the tokens; this module decides where they are required. Flask's `session` cookie contains the
other half of the token and messages for the next page, nothing else: the login has its own cookie.

A request that changes something needs a token, unless
1. it is cross-site by design (an identity provider's answer, an app's call): such views ignore cookies;
2. it has a bearer token: then the cookie is ignored, and another site cannot set that header;
3. it is an API call: our own JavaScript sends these, and the origin has already been checked;
4. its view declares that it is harmless.
"""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from flask import Flask, request
from flask_wtf.csrf import CSRFError, CSRFProtect

from web.config import WebConfig
from web.middleware.request_checks import SAFE_METHODS, carries_bearer
from web.permissions import request_rules_of
from web.problem_details import HttpProblem, answer

#: How long a form may stay open. Its cookie ends with the browser session.
LASTS = timedelta(hours=12)

#: Addresses of the API.
API = "/api/"

STALE = (
    "This form was open for too long, or was not sent from our page. Go back, reload the page and send the form again."
)


def install(app: Flask, config: WebConfig) -> None:
    """Require tokens. Runs after the request checks, so that no form that is too large is read."""
    app.config["SECRET_KEY"] = config.secret_keys[-1]
    app.config["SECRET_KEY_FALLBACKS"] = list(config.secret_keys[:-1])
    app.config["SESSION_COOKIE_NAME"] = "__Host-csrf" if config.secure else "csrf"
    app.config["SESSION_COOKIE_SECURE"] = config.secure
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["SESSION_COOKIE_PATH"] = "/"
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the steps above decide, not a list of views
    app.config["WTF_CSRF_TIME_LIMIT"] = int(LASTS.total_seconds())
    app.config["WTF_CSRF_SSL_STRICT"] = (
        False  # would check the Referer, which we disable; the request checks check the origin
    )
    app.register_error_handler(CSRFError, lambda _: answer(HttpProblem(HTTPStatus.FORBIDDEN, STALE)))
    tokens = CSRFProtect(app)

    @app.before_request
    def demand_token() -> None:
        if request.method in SAFE_METHODS or request.endpoint is None:
            return
        rules = request_rules_of(app.view_functions.get(request.endpoint))
        if rules.cross_site or carries_bearer(request):  # 1., 2.
            return
        if request.path.startswith(API) or not rules.form_token:  # 3., 4.
            return
        if request.is_json:  # it would fill a form with values that are not texts
            raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "This must be sent as a form.")
        tokens.protect()
