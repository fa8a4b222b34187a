"""Grants in words, and which of the roles in `records.roles` a person may give."""

from __future__ import annotations

from records import Implementation, roles
from records.tenants import implementations
from web.auth.staff.staff_member import StaffMember
from web.permissions import Permission


def roles_to_give(person: StaffMember, implementation: Implementation) -> tuple[str, ...]:
    """Return the roles which this person may give and take in an implementation."""
    held = {permission for permission in Permission if person.may(permission, implementation.slug)}
    return roles.to_give(held, staff=implementation.slug == implementations.STAFF)
