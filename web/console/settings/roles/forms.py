"""The form of the upper bound for roles which come from what a provider says."""

from __future__ import annotations

from records import Implementation
from records.tenants import implementations
from web.console.people.grant_words import MEANINGS
from web.console.settings.fields import CheckboxesField, offered
from web.console.settings.forms import SettingsForm


class BoundForm(SettingsForm):
    """Which roles a user type or an attribute may give."""

    mapped_roles = CheckboxesField("A user type or an attribute may give")

    def offer(self, implementation: Implementation) -> None:
        """Offer the roles which this implementation can have."""
        at_home = implementation.slug == implementations.STAFF
        roles = [role for role in implementations.MAPPED_ROLES if at_home or role not in implementations.STAFF_ROLES]
        self.mapped_roles.choices = offered((role, f"{role}: {MEANINGS[role]}") for role in roles)
