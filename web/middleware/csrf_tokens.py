"""Form tokens: the second proof, after the gate's look at the origin, that a form of ours sent what arrives.

Flask-WTF makes and checks the tokens; this file says where they are demanded. Flask's `session` cookie holds the token's
other half and notices that wait for the next page, nothing else: who somebody is stands in the login's own cookie.

A request which changes something needs a token, unless
1. it comes from elsewhere by design (an identity provider's answer, an app's call): such views look at no cookie;
2. it carries a bearer token: then the cookie is ignored, and a foreign page cannot have set that header;
3. it is a call of the API: scripts of ours send those, and the gate has seen that they come from our own pages;
4. its view says that it does no harm.
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

#: How long a form may lie open. Its cookie goes with the browser's session.
LASTS = timedelta(hours=12)

#: Calls of programs.
API = "/api/"

STALE = (
    "This form was open for too long, or did not come from our page. Go back, load the page again and send it again."
)


def install(app: Flask, config: WebConfig) -> None:
    """Demand tokens. Stands behind the gate, so that nothing too large is read."""
    app.config["SECRET_KEY"] = config.secret_keys[-1]
    app.config["SECRET_KEY_FALLBACKS"] = list(config.secret_keys[:-1])
    app.config["SESSION_COOKIE_NAME"] = "__Host-csrf" if config.secure else "csrf"
    app.config["SESSION_COOKIE_SECURE"] = config.secure
    app.config["SESSION_COOKIE_HTTPONLY"] = True
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"
    app.config["SESSION_COOKIE_PATH"] = "/"
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # the steps above decide, not lists of views
    app.config["WTF_CSRF_TIME_LIMIT"] = int(LASTS.total_seconds())
    app.config["WTF_CSRF_SSL_STRICT"] = False  # looks at the Referer, which we switch off; the gate looks at the origin
    app.register_error_handler(CSRFError, lambda _: answer(HttpProblem(HTTPStatus.FORBIDDEN, STALE)))
    tokens = CSRFProtect(app)

    @app.before_request
    def demand_token() -> None:
        if request.method in SAFE_METHODS or request.endpoint is None:
            return
        taken = request_rules_of(app.view_functions.get(request.endpoint))
        if taken.from_elsewhere or carries_bearer(request):  # 1., 2.
            return
        if request.path.startswith(API) or not taken.form_token:  # 3., 4.
            return
        if request.is_json:  # a form would be filled from it, with values that are no texts
            raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "This is sent as a form.")
        tokens.protect()
