"""The page that tests a provider: a test login, what was understood of it, and the last refused logins."""

from __future__ import annotations

from flask import Response, request

from records.identity import saml_providers as saml
from web.auth.login_steps import login_test
from web.auth.login_steps.admission import Journey
from web.auth.services import AuthServices
from web.console.layout.page_frame import signed_in
from web.console.people.refused_logins import refused_logins
from web.console.settings.identity.forms import PROPERTIES
from web.console.settings.identity.provider import ABOVE
from web.console.settings.views_base import blueprint, looking, page
from web.permissions import Permission, needs
from web.redirects import see_other


@blueprint.get("/provider/check")
@needs(Permission.CHANGE_TRUST)
def check(implementation: str) -> Response:
    """Show the result of the last test login, and the last refused logins with their reasons."""
    arrived = login_test.result(AuthServices.here().store, implementation, signed_in().visitor.login)
    with looking(implementation) as (db, found):
        return page(
            "provider_check.html",
            found,
            title="Try the login",
            above=ABOVE,
            provider=saml.find(db, found),
            person=arrived,
            properties=PROPERTIES,
            refused=refused_logins(db, found),
        )


@blueprint.get("/provider/try")
@needs(Permission.CHANGE_TRUST)
def try_login(implementation: str) -> Response:
    """Begin a test login; with `switch=1` the provider asks who the person is, even if it remembers one.

    This is a link, not a form, because the Content-Security-Policy forbids a form that leads to the provider.
    """
    handle = login_test.begin(AuthServices.here().store, implementation, signed_in().visitor.login)
    journey = Journey(app=handle, switch=request.args.get("switch") == "1")
    return see_other(journey.address(f"/saml/{implementation}/login"))
