"""Checks the messages of service providers: login requests, logout requests and logout responses.

The steps, for every message:

1. It is a SAML 2.0 message of the expected kind, with a usable ID.
2. Its issuer is one of the service's implementations.
3. A key of that implementation has signed the address (it has two while they are being changed).
4. It is addressed to exactly this address.
5. It was issued just now.

More steps follow for each kind. The address of an answer is never read from a message: a login request may only repeat
the address that is known already (profiles 4.1.4.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .identity import Identity
from .redirect_binding import RedirectMessage, SamlMessageRefused
from .service_providers import ServiceProvider, ServiceProviders
from .signing import is_signed_by

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"

NCNAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,127}")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z")

#: How old a message may be, because people may take their time to choose a person; and how fast its clock may be.
OLDEST = timedelta(minutes=15)
SKEW = timedelta(seconds=60)

BOOLEANS = {"true": True, "1": True, "false": False, "0": False, "": False}


@dataclass(frozen=True)
class ReceivedLoginRequest:
    """An AuthnRequest that passed all checks."""

    provider: ServiceProvider
    request_id: str
    relay_state: str
    force_authn: bool
    is_passive: bool
    name_id_format: str  #: empty for any


@dataclass(frozen=True)
class ReceivedLogoutRequest:
    """A LogoutRequest that passed all checks."""

    provider: ServiceProvider
    request_id: str
    relay_state: str
    name_id: str
    indexes: tuple[str, ...]


@dataclass(frozen=True)
class ReceivedLogoutResponse:
    """A LogoutResponse to one of our requests that passed all checks."""

    provider: ServiceProvider
    in_response_to: str
    relay_state: str
    is_success: bool


class MessageValidator:
    """Checks messages to one identity provider from the service providers that it knows."""

    def __init__(self, identity: Identity, providers: ServiceProviders) -> None:
        self._identity = identity
        self._providers = providers

    def login_request(self, message: RedirectMessage) -> ReceivedLoginRequest:
        """Check an AuthnRequest. Raises `SamlMessageRefused`."""
        provider = self._sender(message, "AuthnRequest", self._identity.sso_url)
        root = message.root
        # 6. The answer goes to the known address, by the binding that is supported.
        if root.get("AssertionConsumerServiceURL", provider.acs_url) != provider.acs_url:
            raise SamlMessageRefused("other-acs", "The requested address of the answer is not the implementation's.")
        if root.get("AssertionConsumerServiceIndex") is not None or root.get("ProtocolBinding", HTTP_POST) != HTTP_POST:
            raise SamlMessageRefused(
                "other-binding", "Answers are sent by HTTP-POST to the one address of the implementation."
            )
        # 7. The request asks for nothing that would be ignored.
        if root.find(f"{SAML}Subject") is not None or root.find(f"{SAML}Conditions") is not None:
            raise SamlMessageRefused("not-supported", "Subject and Conditions are not supported in a login request.")
        policy = root.find(f"{SAMLP}NameIDPolicy")
        return ReceivedLoginRequest(
            provider=provider,
            request_id=root.get("ID"),
            relay_state=message.relay_state,
            force_authn=boolean(root, "ForceAuthn"),
            is_passive=boolean(root, "IsPassive"),
            name_id_format="" if policy is None else policy.get("Format", ""),
        )

    def logout_request(self, message: RedirectMessage) -> ReceivedLogoutRequest:
        """Check a LogoutRequest. Raises `SamlMessageRefused`."""
        provider = self._sender(message, "LogoutRequest", self._identity.slo_url)
        root = message.root
        until = root.get("NotOnOrAfter")
        if until is not None and instant(until) + SKEW <= datetime.now(UTC):
            raise SamlMessageRefused("too-old", "The message has expired.")
        return ReceivedLogoutRequest(
            provider=provider,
            request_id=root.get("ID"),
            relay_state=message.relay_state,
            name_id=only_text(root, f"{SAML}NameID"),
            indexes=tuple(one.text or "" for one in root.findall(f"{SAMLP}SessionIndex")),
        )

    def logout_response(self, message: RedirectMessage) -> ReceivedLogoutResponse:
        """Check a LogoutResponse. The caller checks that it answers a request. Raises `SamlMessageRefused`."""
        provider = self._sender(message, "LogoutResponse", self._identity.slo_url)
        code = message.root.find(f"{SAMLP}Status/{SAMLP}StatusCode")
        return ReceivedLogoutResponse(
            provider=provider,
            in_response_to=message.root.get("InResponseTo", ""),
            relay_state=message.relay_state,
            is_success=code is not None and code.get("Value") == SUCCESS,
        )

    def _sender(self, message: RedirectMessage, kind: str, here: str) -> ServiceProvider:
        root = message.root
        # 1. kind and ID
        if root.tag != SAMLP + kind or root.get("Version") != "2.0" or not NCNAME.fullmatch(root.get("ID", "")):
            raise SamlMessageRefused("other-message", f"This is not a {kind} of SAML 2.0 with an ID.")
        # 2. issuer
        provider = self._providers.find(only_text(root, f"{SAML}Issuer"))
        if provider is None:
            raise SamlMessageRefused("unknown-issuer", "The issuer is not an implementation of this service.")
        # 3. signature
        if not is_signed_by(provider.certificates, message.signed, message.signature, message.algorithm):
            raise SamlMessageRefused("bad-signature", "The message is not signed with a key of the implementation.")
        # 4. destination
        if root.get("Destination") != here:
            raise SamlMessageRefused("other-destination", f"The message is not addressed to {here}.")
        # 5. age
        now, issued = datetime.now(UTC), instant(root.get("IssueInstant", ""))
        if not now - OLDEST <= issued <= now + SKEW:
            raise SamlMessageRefused(
                "too-old", "The message is too old, or the clock of its sender is wrong. Please start again."
            )
        return provider


def only_text(root: Any, path: str) -> str:
    """Return the text of the one element at this path. Raises `SamlMessageRefused` if it is not exactly one, with text only."""
    found = root.findall(path)
    if len(found) != 1 or len(found[0]) or not found[0].text:
        raise SamlMessageRefused(
            "missing", f"The message must have exactly one {path.rpartition('}')[2]}, with text only."
        )
    return str(found[0].text)


def boolean(root: Any, name: str) -> bool:
    """Return an attribute of type xs:boolean. Raises `SamlMessageRefused` for any other value."""
    try:
        return BOOLEANS[root.get(name, "")]
    except KeyError:
        raise SamlMessageRefused("not-boolean", f"{name} must be true or false.") from None


def instant(value: str) -> datetime:
    """Return a time in UTC (core 1.3.3). Raises `SamlMessageRefused`."""
    words = "A time in the message is not in UTC."
    if not INSTANT.fullmatch(value):
        raise SamlMessageRefused("not-a-time", words)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise SamlMessageRefused("not-a-time", words) from None
