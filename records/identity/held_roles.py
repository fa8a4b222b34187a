"""The roles that a person would hold now after a login by SAML, for what happens without a login of theirs."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.orm import Session

from records import roles
from records.people import grants
from records.people.users import User
from records.roles import Permission
from records.tenants.implementations import Implementation

from . import saml_providers


def held_roles(db: Session, implementation: Implementation, user: User) -> frozenset[str]:
    """Return the roles. There are none for a person who is locked out, or whose provider was replaced or archived."""
    home = db.get_one(Implementation, user.implementation_id)
    if home.archived_at is not None or saml_providers.is_replaced(db, home, user):
        return frozenset()
    return grants.roles_of(db, implementation, user, roles.SAML)


def allowed(names: Iterable[str]) -> frozenset[Permission]:
    """Return what these roles allow together."""
    return frozenset[Permission]().union(*(roles.BY_NAME[name].may for name in names))
