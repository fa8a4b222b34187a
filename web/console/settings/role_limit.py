"""The page that limits the roles which a grant by user type or attribute may give."""

from __future__ import annotations

from flask import Response, flash, url_for

from records import Implementation, RuleViolation, roles
from records.tenants import implementations
from records.tenants.implementation_settings import ROLES
from web.console.commits import commit_to
from web.console.settings.general.views import change_settings
from web.console.settings.views_base import UNCHANGED, blueprint, looking, page
from web.forms.base_form import BaseForm
from web.forms.fields import choices_of
from web.forms.setting_fields import with_settings
from web.permissions import Permission, needs
from web.redirects import see_other


@with_settings(ROLES)
class RoleLimitForm(BaseForm):
    """The roles that a user type or an attribute may give."""

    def offer(self, implementation: Implementation) -> None:
        """Offer the roles that this implementation can have."""
        is_staff = implementation.slug == implementations.STAFF
        possible = [role for role in roles.GRANTED if is_staff or role not in roles.STAFF_ROLES]
        self.mapped_roles.choices = choices_of((role, f"{role}: {roles.BY_NAME[role].meaning}") for role in possible)


@blueprint.get("/roles/from-provider")
@needs(Permission.GRANT_ROLES, fresh=True)
def mapped_roles(implementation: str) -> Response:
    """Show the roles that a user type or an attribute may give."""
    with looking(implementation) as (_, found):
        return _page(found, RoleLimitForm(formdata=None, obj=found))


@blueprint.post("/roles/from-provider")
@needs(Permission.GRANT_ROLES, fresh=True)
def save_mapped_roles(implementation: str) -> Response:
    """Store them. They apply to the next request of everyone."""
    form = RoleLimitForm()
    try:
        values = form.values("mapped_roles")
        change = commit_to(implementation, lambda db, found: change_settings(db, found, values))
        flash("Saved. From now on, user types and attributes can give only these roles." if change.made else UNCHANGED)
        return see_other(url_for("console_roles.roles", implementation=implementation))
    except RuleViolation as refused:
        form.refuse(refused)
    with looking(implementation) as (_, found):
        return _page(found, form)


def _page(found: Implementation, form: RoleLimitForm) -> Response:
    form.offer(found)
    return page("mapped_roles.html", found, title="Roles from the provider", form=form)
