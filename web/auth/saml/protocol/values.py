"""The values that the guard takes and returns. Views and tests share them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .vocabulary import TRANSIENT


class Rejected(Exception):
    """A message is refused.

    `code` is a key of `codes.CODES`, for logs and operators. `detail` adds to it, and contains no personal data. The page
    that the person sees shows neither: it is the same for every reason.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail[:200]


@dataclass(frozen=True)
class Sp:
    """Our service provider for one implementation. Keys and certificates are PEM.

    One key signs, another decrypts. The next keys are "" unless our keys are being changed.
    """

    entity_id: str
    acs_url: str
    slo_url: str
    key_pem: str = field(repr=False)  #: signs
    cert_pem: str
    decryption_key_pem: str = field(repr=False)
    encryption_cert_pem: str
    next_cert_pem: str = ""
    next_decryption_key_pem: str = field(default="", repr=False)
    next_encryption_cert_pem: str = ""


@dataclass(frozen=True)
class Idp:
    """The identity provider of one implementation, as an administrator accepted it. The pinned certificates are PEM."""

    entity_id: str
    sso_url: str
    slo_url: str
    certificates: tuple[str, ...]


@dataclass(frozen=True)
class SamlPolicy:
    """What an implementation allows its provider beyond the defaults. All switches are off by default."""

    skew_s: int = 90  #: tolerance for clocks that differ
    max_age_s: int = 600  #: of an assertion, since its issue
    allow_unsolicited: bool = False  #: unsolicited responses
    accept_response_signature: bool = False  #: a signature of the response is sufficient for its assertion
    allow_cbc: bool = False  #: old encryption, only within a verified signature
    max_authn_age_s: int | None = None  #: for a step-up: most seconds since the person authenticated


@dataclass(frozen=True)
class SamlAssertion:
    """The content of an assertion, read from the element whose signature was verified."""

    issuer: str
    nameid: str = field(repr=False)
    nameid_format: str
    attributes: Mapping[str, tuple[str, ...]] = field(repr=False)  #: by Name
    friendly: Mapping[str, tuple[str, ...]] = field(repr=False)  #: by FriendlyName, if it is unambiguous
    #: names of attributes (both kinds) with a value from which line breaks were removed: not usable as keys of people
    indented: frozenset[str]
    session_index: str | None
    session_not_on_or_after: datetime | None
    authn_instant: datetime | None
    assertion_id: str
    in_response_to: str | None  #: None if it is unsolicited

    @property
    def transient(self) -> bool:
        """Whether the NameID changes at each login, so that it cannot be a key."""
        return self.nameid_format == TRANSIENT


@dataclass(frozen=True)
class LogoutRequest:
    """A provider's request to end logins of a person; all of them, if it has no indexes."""

    id: str
    nameid: str = field(repr=False)
    indexes: tuple[str, ...]
    relay_state: str


@dataclass(frozen=True)
class LogoutResponse:
    """A provider's answer to our logout. `success` is False if it ended only some logins, or none."""

    id: str
    in_response_to: str
    success: bool
    relay_state: str
