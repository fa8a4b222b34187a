"""The form of the upper bound for roles which come from what a provider says."""

from __future__ import annotations

from records import Implementation, roles
from records.tenants import implementations
from records.tenants.implementation_settings import ROLES
from web.forms.base_form import BaseForm
from web.forms.fields import offered
from web.forms.setting_fields import with_settings


@with_settings(ROLES)
class BoundForm(BaseForm):
    """Which roles a user type or an attribute may give."""

    def offer(self, implementation: Implementation) -> None:
        """Offer the roles which this implementation can have."""
        at_home = implementation.slug == implementations.STAFF
        possible = [role for role in roles.GRANTED if at_home or role not in roles.STAFF_ROLES]
        self.mapped_roles.choices = offered((role, f"{role}: {roles.BY_NAME[role].meaning}") for role in possible)
