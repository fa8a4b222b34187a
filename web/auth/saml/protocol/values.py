"""The values that go into the guard and come out of it.

Why here: views, tests and the guard share them, and nothing in them depends on how a message is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from .vocabulary import TRANSIENT


class Rejected(Exception):
    """A message is not believed.

    `code` is a key of `codes.CODES`, for logs and operators. `detail` helps them and holds no personal data. Neither is
    for the page that the person sees: it says the same for every reason.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail[:200]


@dataclass(frozen=True)
class Sp:
    """Our side for one implementation: the service provider. Keys and certificates are PEM.

    One key signs, another decrypts. The next ones are "" unless our keys are being changed.
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
    """The identity provider of one implementation, as an administrator accepted it. Certificates are PEM, pinned."""

    entity_id: str
    sso_url: str
    slo_url: str
    certificates: tuple[str, ...]


@dataclass(frozen=True)
class SamlPolicy:
    """What an implementation allows its provider beyond the ordinary. Everything is off at first."""

    skew_s: int = 90  #: by which clocks may differ
    max_age_s: int = 600  #: of an assertion, since it was issued
    allow_unsolicited: bool = False  #: a login that nobody asked for
    accept_response_signature: bool = False  #: a signature of the response counts for the assertion in it
    allow_cbc: bool = False  #: old encryption, below a verified signature only
    max_authn_age_s: int | None = None  #: for step-up: how long ago the person proved who they are, at most


@dataclass(frozen=True)
class SamlAssertion:
    """Who logged in, read from the element whose signature was verified."""

    issuer: str
    nameid: str = field(repr=False)
    nameid_format: str
    attributes: Mapping[str, tuple[str, ...]] = field(repr=False)  #: by Name
    friendly: Mapping[str, tuple[str, ...]] = field(repr=False)  #: by FriendlyName, where that is unambiguous
    #: Names of attributes (both kinds) of which a value stood between line breaks that were taken away: no keys of people
    indented: frozenset[str]
    session_index: str | None
    session_not_on_or_after: datetime | None
    authn_instant: datetime | None
    assertion_id: str
    in_response_to: str | None  #: None if nobody asked for this login

    @property
    def transient(self) -> bool:
        """Whether the NameID is another one at each login, and so never a key."""
        return self.nameid_format == TRANSIENT


@dataclass(frozen=True)
class LogoutRequest:
    """The provider ends logins of a person. No indexes: all of them."""

    id: str
    nameid: str = field(repr=False)
    indexes: tuple[str, ...]
    relay_state: str


@dataclass(frozen=True)
class LogoutResponse:
    """The provider's answer to our logout. `success` is false when it ended only some logins, or none."""

    id: str
    in_response_to: str
    success: bool
    relay_state: str
