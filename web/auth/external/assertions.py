"""An assertion that the organizer has signed (a JWT), and the steps of its check. Only this module uses joserfc.

The message is parsed here, once, and joserfc gets the bytes, the signature and the key: no second parser can read the
header differently. What the message says about how to verify it is compared with the configuration, never followed.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key, OctKey
from joserfc.jws import JWSRegistry

from .public_keys import SAME
from .refusals import ExternalLoginRefused
from .strict_json import read_object, subject_of

MAX_CHARS: Final = 4096
LIFE_S: Final = 120  #: longest time between `iat` and `exp`
SKEW_S: Final = 60  #: tolerance for clocks that differ
TYPES: Final = frozenset({"jwt", "cat-login+jwt"})
HEADERS: Final = frozenset({"alg", "kid", "typ"})
#: Header parameters that name keys or require extensions. All but HEADERS are refused; the log names these.
TRICKS: Final = ("jwk", "jku", "x5u", "x5c", "crit")
SECRET_BYTES: Final = 32
_JTI: Final = range(16, 256)  #: characters
_MAX_KID: Final = 255
_MAX_TIME: Final = 2**33
_PART = re.compile(r"[A-Za-z0-9_-]+")

#: Finds the public key (JWK) for a key id; None if there is none.
FindKey = Callable[[str | None], dict[str, Any] | None]


@dataclass(frozen=True)
class JwtTrust:
    """What an implementation trusts. `secret` is for HS256, `find_key` for all other algorithms."""

    algorithm: str
    issuer: str
    audience: str
    secret: str = field(default="", repr=False)
    find_key: FindKey = field(default=lambda _: None, repr=False)


@dataclass(frozen=True)
class JwtAssertion:
    """The claims of an assertion that passed all checks except for replays (`jti`)."""

    subject: str = field(repr=False)
    jti: str
    nonce: str | None = field(repr=False)
    expires: int  #: Unix seconds
    claims: dict[str, Any] = field(repr=False)


def verify(token: str, trust: JwtTrust, *, clock: Callable[[], float] = time.time) -> JwtAssertion:
    """Check an assertion. Raises `ExternalLoginRefused` with the same text for all reasons.

    1. It has three parts of Base64url, and is not too long.
    2. The header is an unambiguous JSON object with `alg`, `kid` and `typ` only.
    3. `alg` is the configured algorithm, and `typ` is an accepted type.
    4. The key comes from the configuration, and its type fits the algorithm.
    5. The signature is valid for exactly the bytes that were received.
    6. The claims are an unambiguous JSON object, and each has the correct type.
    7. It is from this issuer, and for this implementation only.
    8. It is valid now, and not for long.
    """
    # 1. parts
    header, payload, signature = _parts(token)
    # 2. header, and 3. algorithm and type
    kid = _checked_header(header, trust.algorithm)
    # 4. key, and 5. signature
    signed = token.rpartition(".")[0].encode("ascii")
    if not _signed(signed, signature, trust, kid):
        raise ExternalLoginRefused("signature")
    # 6. claims
    claims = _object(payload, "claims")
    subject, jti, nonce = _names(claims)
    # 7. from whom, for whom
    if claims.get("iss") != trust.issuer:
        raise ExternalLoginRefused("issuer")
    if claims.get("aud") != trust.audience:
        raise ExternalLoginRefused("audience")
    # 8. time
    expires = _checked_times(claims, clock())
    return JwtAssertion(subject, jti, nonce, expires, claims)


def _parts(token: str) -> tuple[bytes, bytes, bytes]:
    parts = token.split(".") if len(token) <= MAX_CHARS else []
    if len(parts) != 3 or not all(_PART.fullmatch(part) for part in parts):  # header, payload, signature
        raise ExternalLoginRefused("not a signed JWT")
    header, payload, signature = (_unpacked(part) for part in parts)
    return header, payload, signature


def _unpacked(part: str) -> bytes:
    try:
        raw = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise ExternalLoginRefused("not a signed JWT") from None
    # Unused bits of the last character could be changed without changing the decoded bytes.
    if base64.urlsafe_b64encode(raw).rstrip(b"=") != part.encode("ascii"):
        raise ExternalLoginRefused("not a signed JWT")
    return raw


def _object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        return read_object(raw)
    except ValueError:
        raise ExternalLoginRefused(f"{what} unreadable") from None


def _checked_header(raw: bytes, algorithm: str) -> str | None:
    header = _object(raw, "header")
    surplus = header.keys() - HEADERS
    if surplus:
        trick = next((name for name in TRICKS if name in surplus), "other")
        raise ExternalLoginRefused(f"header {trick}")
    named = header.get("alg")
    if not isinstance(named, str) or SAME.get(named, named) != algorithm:
        raise ExternalLoginRefused("algorithm")
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower() not in TYPES:
        raise ExternalLoginRefused("type")
    kid = header.get("kid")
    if kid is not None and not (isinstance(kid, str) and 0 < len(kid) <= _MAX_KID):
        raise ExternalLoginRefused("key id")
    return kid


def _signed(signed: bytes, signature: bytes, trust: JwtTrust, kid: str | None) -> bool:
    model = JWSRegistry.algorithms[trust.algorithm]
    try:
        key = _key(trust, kid)
        model.check_key(key)
        return bool(model.verify(signed, signature, key))
    except (JoseError, ValueError):
        return False


def _key(trust: JwtTrust, kid: str | None) -> Key:
    if trust.algorithm == "HS256":
        secret = trust.secret.encode()
        if len(secret) < SECRET_BYTES:
            raise ExternalLoginRefused("secret too short")
        return OctKey.import_key(secret)
    found = trust.find_key(kid)
    if found is None:
        raise ExternalLoginRefused("unknown key")
    return JWKRegistry.import_key(found)


def _names(claims: dict[str, Any]) -> tuple[str, str, str | None]:
    jti, nonce = claims.get("jti"), claims.get("nonce")
    if not isinstance(jti, str) or len(jti) not in _JTI or not jti.isprintable():
        raise ExternalLoginRefused("jti")
    if nonce is not None and not (isinstance(nonce, str) and nonce):
        raise ExternalLoginRefused("nonce")
    if not isinstance(claims.get("sub"), str):  # only vendors' answers may contain numbers; this claim must be a string
        raise ExternalLoginRefused("subject")
    try:
        return subject_of(claims["sub"]), jti, nonce
    except ValueError:
        raise ExternalLoginRefused("subject") from None


def _checked_times(claims: dict[str, Any], now: float) -> int:
    issued, expires, begins = (claims.get(name) for name in ("iat", "exp", "nbf"))
    for name, value in (("iat", issued), ("exp", expires), ("nbf", issued if begins is None else begins)):
        if type(value) is not int or not 0 < value < _MAX_TIME:
            raise ExternalLoginRefused(f"time {name}")
    assert isinstance(issued, int)
    assert isinstance(expires, int)
    if not 0 < expires - issued <= LIFE_S:
        raise ExternalLoginRefused("lifetime")
    if now >= expires + SKEW_S:
        raise ExternalLoginRefused("expired")
    if max(issued, begins or 0) > now + SKEW_S:
        raise ExternalLoginRefused("not yet valid")
    return expires
