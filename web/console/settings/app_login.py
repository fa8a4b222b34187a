"""The page about the app: the addresses that its developers need, and where its logins may end."""

from __future__ import annotations

from flask import Response

from records import Implementation, RuleViolation
from records.tenants.implementation_settings import APP
from web.auth.app.login_starts import issuer
from web.auth.services import AuthServices
from web.console.commits import commit_to
from web.console.settings.general.views import change_settings
from web.console.settings.views_base import LONG_FORM, blueprint, looking, page, saved
from web.forms.base_form import BaseForm
from web.forms.setting_fields import with_settings
from web.permissions import Permission, needs, takes


@with_settings(APP)
class AppForm(BaseForm):
    """Where a login of the app may end."""


@blueprint.get("/app", endpoint="app")
@needs(Permission.SEE_SETTINGS)
def show_app(implementation: str) -> Response:
    """Show what the app's developers need, and where its logins may end."""
    with looking(implementation) as (_, found):
        return _app_page(found, AppForm(formdata=None, obj=found))


@blueprint.post("/app")
@needs(Permission.CHANGE_TRUST, fresh=True)
@takes(body=LONG_FORM)
def save_app(implementation: str) -> Response:
    """Store the addresses where a login of the app may end."""
    form = AppForm()
    try:
        values = form.values("app_redirect_uris")
        change = commit_to(implementation, lambda db, found: change_settings(db, found, values))
        return saved(change, "The addresses are saved and apply from now on.", "app", implementation)
    except RuleViolation as refused:
        form.refuse(refused)
    with looking(implementation) as (_, found):
        return _app_page(found, form)


def _app_page(found: Implementation, form: AppForm) -> Response:
    config = AuthServices.here().config
    api = config.absolute(f"/api/v1/implementations/{found.slug}")
    needed = (
        ("Start of a login", config.absolute(f"/m/{found.slug}/start")),
        ("Issuer (iss)", issuer(config, found.slug)),
        ("Tokens", f"{api}/auth/token"),
        ("Revoking", f"{api}/auth/revoke"),
        ("Who is logged in", f"{api}/auth/session"),
        ("Status of a session", f"{api}/sessions/{{session_id}}/status"),
        ("Widget of a session", config.absolute(f"/widget/{found.slug}/sessions/{{session_id}}")),
        ("Description of the API", config.absolute("/api/openapi.json")),
    )
    return page("app.html", found, title="The app", form=form, needed=needed)
