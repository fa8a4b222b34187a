"""Whether a grant can have an effect with the login methods of an implementation, so that a warning is shown when it is given."""

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
_NO_USERNAME = "No login method of this conference gives a username: map it in the result of External Authentication."
_NO_TYPE = "No login method of this conference gives a user type: map it in the result of External Authentication."
_NO_ATTRIBUTE = "No login method of this conference gives attributes."


@dataclass(frozen=True)
class LoginMethods:
    """The login methods of an implementation, as far as grants depend on them."""

    saml: bool
    external: ExternalAuth | None

    def why_ineffective(self, kind: str, role: str) -> str:
        """Say in a sentence why a grant of this kind and role has no effect for anyone; "" if it can have one.

        1. With an identity provider, every grant can have an effect. Without any login method, this cannot be judged.
        2. Roles above scanner require a login by SAML.
        3. A password relay tells only what its result maps, and no attributes.
        """
        # 1.
        if self.saml or self.external is None:
            return ""
        # 2., 3.
        reasons = ["" if role in roles.ORDINARY else _ONLY_SAML, _not_told(self.external, kind)]
        return " ".join(reason for reason in reasons if reason)


def _not_told(external: ExternalAuth, kind: str) -> str:
    if external.kind != "password":
        return ""
    mapped = external.fields["result"]
    told = {
        "username": "username" in mapped,
        "user type": "user_type" in mapped,
        "attribute": user_fields.PASSWORD <= user_fields.ATTRIBUTE_SOURCES,
    }
    return "" if told[kind] else {"username": _NO_USERNAME, "user type": _NO_TYPE, "attribute": _NO_ATTRIBUTE}[kind]


def login_methods_of(db: Session, implementation: Implementation) -> LoginMethods:
    """Return the login methods of an implementation. Staff have SAML only."""
    external = None if implementation.slug == STAFF else external_auth.find(db, implementation)
    return LoginMethods(saml_providers.find(db, implementation) is not None, external)
