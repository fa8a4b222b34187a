"""Introspection: the app has an access token of the organizer, and the organizer says whose it is (RFC 7662).

Nothing is cached, so that a token that the organizer revokes stops working here at once.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote_plus

from runner.powers import Basic
from runner.powers.outbound_requests import FetchedDocument, OutboundRequestFailed, OutboundRequests

from .refusals import ExternalLoginRefused, away, broken, unreached
from .strict_json import read_object, subject_of

BREAKER: Final = "introspection"
#: A bearer token (RFC 6750, 2.1), with a limit on its length.
_TOKEN: Final = re.compile(r"[A-Za-z0-9._~+/-]{1,4096}=*")
_MAX_TIME: Final = 2**33
_SKEW_S: Final = 60
_OK: Final = 200
_SERVER_FAILED: Final = 500
_TOO_MANY: Final = 429


@dataclass(frozen=True)
class IntrospectionEndpoint:
    """The introspection endpoint of an implementation, and the required audience (empty: our client ID)."""

    implementation: str
    url: str
    client_id: str
    client_secret: str = field(repr=False)
    audience: str = ""


@dataclass(frozen=True)
class IntrospectedToken:
    """What the organizer says about an active token."""

    subject: str = field(repr=False)
    expires_at: datetime
    claims: dict[str, Any] = field(repr=False)


def ask(
    introspector: IntrospectionEndpoint,
    token: str,
    outbound: OutboundRequests,
    *,
    clock: Callable[[], float] = time.time,
) -> IntrospectedToken:
    """Ask the organizer whose token this is. Raises `ExternalLoginRefused`.

    1. It has the form of a token.
    2. The organizer is asked with our client's credentials, and answers with an unambiguous JSON object.
    3. The token is active: exactly `true`, not a similar value.
    4. It was issued for the configured audience, or for our own client: a token for another service of the same organizer
       is refused.
    5. `exp` is present and lies in the future.
    6. It names a subject.
    """
    # 1. shape
    if not _TOKEN.fullmatch(token):
        raise ExternalLoginRefused("not a token")
    # 2. ask
    claims = _read(_asked(introspector, token, outbound))
    # 3. active
    if claims.get("active") is not True:
        raise ExternalLoginRefused("not active")
    # 4. for whom
    if not _meant(claims, introspector.audience or introspector.client_id):
        raise ExternalLoginRefused("audience")
    # 5. time
    expires, begins, now = claims.get("exp"), claims.get("nbf", 1), clock()
    if type(expires) is not int or type(begins) is not int or not 0 < expires < _MAX_TIME:
        raise ExternalLoginRefused("time")
    if expires <= now or begins > now + _SKEW_S:
        raise ExternalLoginRefused("expired")
    # 6. whose
    try:
        subject = subject_of(claims.get("sub"))
    except ValueError:
        raise ExternalLoginRefused("subject") from None
    return IntrospectedToken(subject, datetime.fromtimestamp(expires, UTC), claims)


def _asked(introspector: IntrospectionEndpoint, token: str, outbound: OutboundRequests) -> FetchedDocument:
    # Both halves are form-encoded before they are joined (RFC 6749, 2.3.1): a colon may be in either.
    client = Basic(quote_plus(introspector.client_id), quote_plus(introspector.client_secret))
    try:
        return outbound.post(
            introspector.url,
            form={"token": token, "token_type_hint": "access_token"},
            auth=client,
            breaker=(introspector.implementation, BREAKER),
        )
    except OutboundRequestFailed as failed:
        raise unreached("introspection", failed.kind) from None


def _read(answer: FetchedDocument) -> dict[str, Any]:
    if answer.status >= _SERVER_FAILED or answer.status == _TOO_MANY:
        raise away(f"introspection answered {answer.status}")
    if answer.status != _OK:
        raise broken(f"introspection answered {answer.status}")
    try:
        return read_object(answer.body)
    except ValueError:
        raise broken("introspection unreadable") from None


def _meant(claims: dict[str, Any], audience: str) -> bool:
    named = claims.get("aud")
    named = named if isinstance(named, list) else [named]
    return audience in named or claims.get("client_id") == audience
