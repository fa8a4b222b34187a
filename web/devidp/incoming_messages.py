"""What a service provider may say to us, and when we believe it: login requests, logout requests and answers.

The steps, for every message:

1. It is the message that it should be, of SAML 2.0, with a usable ID.
2. Its issuer is one of our service's implementations.
3. That implementation's key has signed the address (or one of its keys, while it changes them).
4. It is addressed to exactly us.
5. It was made just now.

Then what the single kinds ask for. Where an answer goes is never read from a message: a login request may at most repeat
the address that we know (profiles 4.1.4.1).
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

#: How old a message may be: somebody may take their time to choose a person. Their clock may be fast by `SKEW`.
OLDEST = timedelta(minutes=15)
SKEW = timedelta(seconds=60)

BOOLEANS = {"true": True, "1": True, "false": False, "0": False, "": False}


@dataclass(frozen=True)
class ReceivedLoginRequest:
    """An AuthnRequest which we act upon."""

    provider: ServiceProvider
    request_id: str
    relay_state: str
    force_authn: bool
    is_passive: bool
    name_id_format: str  #: empty if it does not mind


@dataclass(frozen=True)
class ReceivedLogoutRequest:
    """A ReceivedLogoutRequest which we act upon."""

    provider: ServiceProvider
    request_id: str
    relay_state: str
    name_id: str
    indexes: tuple[str, ...]


@dataclass(frozen=True)
class ReceivedLogoutResponse:
    """What a service provider answers to our ReceivedLogoutRequest."""

    provider: ServiceProvider
    in_response_to: str
    relay_state: str
    is_success: bool


class MessageValidator:
    """Judges messages to one identity provider from the service providers which it knows."""

    def __init__(self, identity: Identity, providers: ServiceProviders) -> None:
        self._identity = identity
        self._providers = providers

    def login_request(self, message: RedirectMessage) -> ReceivedLoginRequest:
        """Judge an AuthnRequest. Raises `SamlMessageRefused`."""
        provider = self._sender(message, "AuthnRequest", self._identity.sso_url)
        root = message.root
        # 6. The answer goes to the address that we know, by the binding that we speak.
        if root.get("AssertionConsumerServiceURL", provider.acs_url) != provider.acs_url:
            raise SamlMessageRefused(
                "other-acs", "The answer is wanted at an address which is not the implementation's."
            )
        if root.get("AssertionConsumerServiceIndex") is not None or root.get("ProtocolBinding", HTTP_POST) != HTTP_POST:
            raise SamlMessageRefused(
                "other-binding", "Answers are sent by HTTP-POST to the one address of the implementation."
            )
        # 7. Nothing is asked for that we would have to ignore.
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
        """Judge a ReceivedLogoutRequest. Raises `SamlMessageRefused`."""
        provider = self._sender(message, "LogoutRequest", self._identity.slo_url)
        root = message.root
        until = root.get("NotOnOrAfter")
        if until is not None and instant(until) + SKEW <= datetime.now(UTC):
            raise SamlMessageRefused("too-old", "The message has ended.")
        return ReceivedLogoutRequest(
            provider=provider,
            request_id=root.get("ID"),
            relay_state=message.relay_state,
            name_id=only_text(root, f"{SAML}NameID"),
            indexes=tuple(one.text or "" for one in root.findall(f"{SAMLP}SessionIndex")),
        )

    def logout_response(self, message: RedirectMessage) -> ReceivedLogoutResponse:
        """Judge a ReceivedLogoutResponse; whether we asked for it is the caller's to know. Raises `SamlMessageRefused`."""
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
        # 1. what it is
        if root.tag != SAMLP + kind or root.get("Version") != "2.0" or not NCNAME.fullmatch(root.get("ID", "")):
            raise SamlMessageRefused("other-message", f"This is no {kind} of SAML 2.0 with an ID.")
        # 2. who says it
        provider = self._providers.find(only_text(root, f"{SAML}Issuer"))
        if provider is None:
            raise SamlMessageRefused("unknown-issuer", "The issuer is no implementation of our service.")
        # 3. whether they do
        if not is_signed_by(provider.certificates, message.signed, message.signature, message.algorithm):
            raise SamlMessageRefused("bad-signature", "The implementation's key has not signed this.")
        # 4. to whom
        if root.get("Destination") != here:
            raise SamlMessageRefused("other-destination", f"The message is not addressed to {here}.")
        # 5. when
        now, made = datetime.now(UTC), instant(root.get("IssueInstant", ""))
        if not now - OLDEST <= made <= now + SKEW:
            raise SamlMessageRefused(
                "too-old", "The message was made too long ago, or its clock is wrong. Please start again."
            )
        return provider


def only_text(root: Any, path: str) -> str:
    """The text of the one element of this path. Raises `SamlMessageRefused` unless it is one, with text and nothing else."""
    found = root.findall(path)
    if len(found) != 1 or len(found[0]) or not found[0].text:
        raise SamlMessageRefused(
            "missing", f"The message must have exactly one {path.rpartition('}')[2]}, with text only."
        )
    return str(found[0].text)


def boolean(root: Any, name: str) -> bool:
    """An attribute of type xs:boolean. Raises `SamlMessageRefused` for any other word."""
    try:
        return BOOLEANS[root.get(name, "")]
    except KeyError:
        raise SamlMessageRefused("not-boolean", f"{name} must be true or false.") from None


def instant(value: str) -> datetime:
    """A time in UTC (core 1.3.3). Raises `SamlMessageRefused`."""
    words = "A time in the message is not one in UTC."
    if not INSTANT.fullmatch(value):
        raise SamlMessageRefused("not-a-time", words)
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        raise SamlMessageRefused("not-a-time", words) from None
