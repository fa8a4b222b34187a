"""Whether a grant can ever count with the ways in that an implementation has: told when it is given, not at the first login."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from records import roles
from records.people import user_fields
from records.tenants.implementations import STAFF, Implementation

from . import external_auth, saml_providers
from .external_auth import ExternalAuth

_ONLY_SAML = (
    "Roles above scanner count only for people who log in at an identity provider (SAML), and none is connected."
)
_NO_USERNAME = "No way in of this conference gives a username: map it in the result of External Authentication."
_NO_TYPE = "No way in of this conference gives a user type: map it in the result of External Authentication."
_NO_ATTRIBUTE = "No way in of this conference gives attributes."


@dataclass(frozen=True)
class LoginMethods:
    """The ways in of an implementation, as far as grants depend on them."""

    saml: bool
    external: ExternalAuth | None

    def in_vain(self, kind: str, role: str) -> str:
        """Return why a grant of this kind and role counts for nobody, in a sentence; "" if it can count.

        1. With an identity provider every grant can count; with no way in at all, there is nothing to judge by.
        2. Above scanner, only a login by SAML counts.
        3. A password relay says of a person only what its result maps, and no attributes.
        """
        # 1.
        if self.saml or self.external is None:
            return ""
        # 2., 3.
        reasons = ["" if role in roles.ORDINARY else _ONLY_SAML, _unsaid(self.external, kind)]
        return " ".join(reason for reason in reasons if reason)


def _unsaid(external: ExternalAuth, kind: str) -> str:
    if external.kind != "password":
        return ""
    mapped = external.fields["result"]
    said = {
        "username": "username" in mapped,
        "user type": "user_type" in mapped,
        "attribute": user_fields.PASSWORD <= user_fields.ATTRIBUTE_SOURCES,
    }
    return "" if said[kind] else {"username": _NO_USERNAME, "user type": _NO_TYPE, "attribute": _NO_ATTRIBUTE}[kind]


def login_methods_of(db: Session, implementation: Implementation) -> LoginMethods:
    """Return the ways in of an implementation. Staff have SAML only."""
    external = None if implementation.slug == STAFF else external_auth.find(db, implementation)
    return LoginMethods(saml_providers.find(db, implementation) is not None, external)
