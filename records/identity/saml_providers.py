"""The SAML identity provider of an implementation: its addresses, its policy, and how its attributes are mapped.

Its certificates and our own keys are in modules of their own; their functions are also offered here, so that a caller needs
one import.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from records import fields
from records.errors import RuleViolation, SecretNotOpened
from records.people import user_fields
from records.people.users import User
from records.secretbox import SecretBox
from records.tenants import implementations
from records.tenants.implementations import Implementation

from . import saml_certificates
from . import sp_keys as own_keys
from .saml_certificates import SamlCertificate, accept, expiring, propose, refuse, retire
from .saml_tables import SamlProvider
from .sp_keys import KeyPair, SpKeys, new_sp_keys, own_expiring, sp_keys, sp_keys_if_made

__all__ = [
    "ATTRIBUTE_MAP",
    "DEVELOPMENT_ENTITY_ID",
    "MAPPED",
    "KeyPair",
    "OpenedSaml",
    "SamlCertificate",
    "SamlDraft",
    "SamlProvider",
    "SpKeys",
    "accept",
    "certificates",
    "expiring",
    "find",
    "new_sp_keys",
    "opened",
    "own_expiring",
    "propose",
    "refuse",
    "remove",
    "retire",
    "roll_sp_key",
    "save",
    "sp_keys",
    "sp_keys_if_made",
    "switch_sp_key",
]

#: The entity ID of the development identity provider. It does not contain the port, so that people stay the same people.
DEVELOPMENT_ENTITY_ID = "urn:session-status:development-identity-provider"
#: What an attribute can be mapped to.
MAPPED = tuple(one.name for one in user_fields.TABLE if one.sources >= user_fields.SAML)
_CLAIMS = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/"
#: The names under which common identity providers send these; the first one in a message is used.
ATTRIBUTE_MAP: dict[str, list[str]] = {
    "username": [
        "username",
        "mail",
        "email",
        "urn:oid:0.9.2342.19200300.100.1.3",
        f"{_CLAIMS}emailaddress",
        f"{_CLAIMS}name",
    ],
    "user_type": ["user_type", "userType"],
    "first_name": ["first_name", "givenName", "firstName", "urn:oid:2.5.4.42", f"{_CLAIMS}givenname"],
    "last_name": ["last_name", "sn", "surname", "lastName", "urn:oid:2.5.4.4", f"{_CLAIMS}surname"],
    "badge_id": ["badge_id", "badgeId"],
}


@dataclass(frozen=True)
class SamlDraft:
    """An identity provider as a person enters it. Certificates in it become active; others stay as they are."""

    entity_id: str
    sso_url: str
    slo_url: str = ""
    certificates: tuple[str, ...] = ()  #: PEM; may be empty for a change that keeps the provider
    metadata_url: str = ""
    attribute_map: Mapping[str, Any] = field(default_factory=lambda: dict(ATTRIBUTE_MAP))
    subject_attribute: str = ""  #: "" for the NameID
    accept_response_signature: bool = False
    allow_cbc: bool = False
    allow_unsolicited: bool = False
    development: bool = False  #: allows http and loopback; to be refused in production


@dataclass(frozen=True)
class OpenedSaml:
    """An identity provider ready for use: plain values, the active certificates, and our keys, open."""

    implementation: str  #: slug
    entity_id: str
    sso_url: str
    slo_url: str
    metadata_url: str
    attribute_map: dict[str, list[str]]
    subject_attribute: str
    accept_response_signature: bool
    allow_cbc: bool
    allow_unsolicited: bool
    development: bool
    certificates: tuple[str, ...]  #: PEM, active ones only
    keys: SpKeys  #: our own


def find(db: Session, implementation: Implementation) -> SamlProvider | None:
    """Return the implementation's identity provider; None if there is none."""
    return db.scalar(select(SamlProvider).where(SamlProvider.implementation_id == implementation.id))


#: Made once, because it is asked with every page of the console.
_ENTITY_ID = select(SamlProvider.entity_id).where(SamlProvider.implementation_id == bindparam("owner"))


def is_replaced(db: Session, implementation: Implementation, user: User) -> bool:
    """Say whether the identity provider by which this person logged in has been replaced by another."""
    present = db.scalar(_ENTITY_ID, {"owner": implementation.id})
    return present is not None and user.provider not in ("", present)


def certificates(db: Session, provider: SamlProvider, *, state: str | None = None) -> list[SamlCertificate]:
    """Return the provider's certificates, the oldest first; all, or those in one state."""
    return saml_certificates.of(db, provider, state=state)


def save(db: Session, box: SecretBox, implementation: Implementation, draft: SamlDraft, by: str) -> SamlProvider:
    """Create the identity provider or change it. Raises RuleViolation with every fault.

    Another entity ID means another provider: its certificates must be entered, and those of the old one are deleted. People
    belong to the old provider until `users.hand_over`.
    """
    entered = {name: value for name, value in vars(draft).items() if name != "certificates"}
    checks = _CHECKS | {name: partial(_address, development=bool(draft.development)) for name in _ADDRESSES}
    values = fields.checked(checks | {"by": fields.line(255, empty=False)}, entered | {"by": by})
    values["changed_by"] = values.pop("by")
    if values["entity_id"] == DEVELOPMENT_ENTITY_ID and not values["development"]:
        raise RuleViolation(
            "entity_id", "is that of the development identity provider, at which anybody can log in as anybody"
        )
    if not values["sso_url"]:
        raise RuleViolation("sso_url", "is missing")
    pinned = saml_certificates.read_all(draft.certificates)
    implementations.lock(db, implementation)
    present = find(db, implementation)
    if present is not None:
        db.refresh(present)  # another transaction may have changed it while we waited
    if not pinned and (present is None or present.entity_id != values["entity_id"]):
        raise RuleViolation("certificates", "are missing: without one, the sender of a login cannot be verified")
    if present is not None and present.entity_id != values["entity_id"]:
        remove(db, implementation)
        present = None
    provider = present or SamlProvider(implementation_id=implementation.id)
    for name, value in values.items():
        setattr(provider, name, value)
    db.add(provider)
    db.flush()
    saml_certificates.enter(db, provider, pinned, values["changed_by"])
    sp_keys(db, box, implementation)
    return provider


def remove(db: Session, implementation: Implementation) -> None:
    """Delete the identity provider with its certificates. Our own keys stay, because our metadata may be in use elsewhere."""
    present = find(db, implementation)
    if present is not None:
        db.delete(present)
        db.flush()


def opened(db: Session, box: SecretBox, implementation: Implementation) -> OpenedSaml | None:
    """Return the identity provider ready for use, or None if there is none. Raises SecretNotOpened, which names the implementation."""
    provider = find(db, implementation)
    if provider is None:
        return None
    keys = own_keys.sp_keys_if_made(db, box, implementation)
    if keys is None:
        raise SecretNotOpened(f"the SAML key of {implementation.slug} is missing: save its identity provider again")
    plain = {name: getattr(provider, name) for name in _CHECKS}
    return OpenedSaml(
        implementation=implementation.slug,
        **plain,
        certificates=tuple(one.pem for one in certificates(db, provider, state="active")),
        keys=keys,
    )


def roll_sp_key(db: Session, box: SecretBox, provider: SamlProvider) -> None:
    """Make our next keys for this provider, which are published beside the present ones until `switch_sp_key`."""
    own_keys.roll(db, box, _implementation(db, provider))


def switch_sp_key(db: Session, box: SecretBox, provider: SamlProvider) -> None:
    """Replace our present keys by the next ones, once the provider has read our metadata."""
    implementation = _implementation(db, provider)
    implementations.lock(db, implementation)  # two simultaneous requests switch once
    own_keys.sp_keys_if_made(db, box, implementation)  # a key that does not open must not become the only one
    own_keys.switch(db, implementation)


def _implementation(db: Session, provider: SamlProvider) -> Implementation:
    implementation = db.get(Implementation, provider.implementation_id)
    assert implementation is not None  # the foreign key says so
    return implementation


def _entity_id(value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= 1024:  # SAML core, 8.3.6
        raise ValueError("must have 1 to 1024 characters")
    if not value.isprintable() or any(c.isspace() for c in value):
        raise ValueError("must not contain a blank or a control character")
    return value


def _address(value: Any, *, development: bool = False) -> str:
    """Check an address of the provider. Unlike its entity ID, it is one to which browsers are sent."""
    if value == "":
        return ""
    parts = fields.visited_url(value, development=development)
    if "#" in value:
        raise ValueError("must end with a path or a query, without a #")
    return parts.geturl()


def _attribute_map(value: Any) -> dict[str, list[str]]:
    names = fields.each(fields.line(255, empty=False), 20)
    if not isinstance(value, Mapping):
        raise ValueError("must be a list of attribute names for each field")  # noqa: TRY004 - every check raises ValueError
    unknown = [str(key) for key in value if key not in MAPPED]
    if unknown:
        raise ValueError(f"must only contain {', '.join(MAPPED)}, and not {', '.join(unknown)[:100]}")
    return {key: names(value[key]) for key in value}


_ADDRESSES = ("sso_url", "slo_url", "metadata_url")
_CHECKS: dict[str, fields.Check] = {
    "entity_id": _entity_id,
    "sso_url": _address,
    "slo_url": _address,
    "metadata_url": _address,
    "attribute_map": _attribute_map,
    "subject_attribute": fields.line(255),
    "accept_response_signature": fields.flag,
    "allow_cbc": fields.flag,
    "allow_unsolicited": fields.flag,
    "development": fields.flag,
}
