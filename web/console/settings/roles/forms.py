"""The form of the upper bound for roles which come from what a provider says."""

from __future__ import annotations

from records import Implementation
from records.tenants import implementations
from records.tenants.implementation_settings import ROLES
from web.console.people.grant_words import MEANINGS
from web.forms.base_form import BaseForm
from web.forms.fields import offered
from web.forms.setting_fields import with_settings


@with_settings(ROLES)
class BoundForm(BaseForm):
    """Which roles a user type or an attribute may give."""

    def offer(self, implementation: Implementation) -> None:
        """Offer the roles which this implementation can have."""
        at_home = implementation.slug == implementations.STAFF
        roles = [role for role in implementations.MAPPED_ROLES if at_home or role not in implementations.STAFF_ROLES]
        self.mapped_roles.choices = offered((role, f"{role}: {MEANINGS[role]}") for role in roles)
