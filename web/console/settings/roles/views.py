"""The upper bound for roles which come from what a provider says: a user type, or an attribute."""

from __future__ import annotations

from flask import Response, flash, url_for

from records import Implementation, RuleViolation
from web.console.commits import commit_to
from web.console.settings.general.views import change_settings
from web.console.settings.roles.forms import BoundForm
from web.console.settings.views_base import UNCHANGED, blueprint, looking, page
from web.permissions import Permission, needs
from web.redirects import see_other


@blueprint.get("/roles/from-provider")
@needs(Permission.GRANT_ROLES, fresh=True)
def mapped_roles(implementation: str) -> Response:
    """Show what a provider's word may give at most."""
    with looking(implementation) as (_, found):
        return _page(found, BoundForm(formdata=None, obj=found))


@blueprint.post("/roles/from-provider")
@needs(Permission.GRANT_ROLES, fresh=True)
def save_mapped_roles(implementation: str) -> Response:
    """Store it. It counts with the next request of everybody."""
    form = BoundForm()
    try:
        values = form.values("mapped_roles")
        change = commit_to(implementation, lambda db, found: change_settings(db, found, values))
        flash("Saved. What user types and attributes give is bounded by it from now on." if change.made else UNCHANGED)
        return see_other(url_for("console_roles.roles", implementation=implementation))
    except RuleViolation as refused:
        form.refuse(refused)
    with looking(implementation) as (_, found):
        return _page(found, form)


def _page(found: Implementation, form: BoundForm) -> Response:
    form.offer(found)
    return page("mapped_roles.html", found, title="Roles from the provider", form=form)
