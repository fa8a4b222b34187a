"""The formats of the app's codes and tokens, what is stored of them, and how tokens are derived.

They are random and carry no information; only hashes of their exact bytes are stored. A refresh token names its login,
by which its family is found, and carries a mark, which shows that it belongs to the family.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import astuple, dataclass, field
from sys import intern
from typing import Any

from .redis_keys import PREFIX, digest
from .visitor import Visitor

ACCESS = re.compile(r"cat_[A-Za-z0-9_-]{43}")
CODE = re.compile(r"cac_[A-Za-z0-9_-]{43}")
REFRESH = re.compile(r"crt_([A-Za-z0-9_-]{16,64})\.([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}")
#: The forms of the app's verifier and its challenge (RFC 7636).
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class TokenPair:
    """The tokens that the app gets."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_in: int  #: seconds


def fingerprint(access: str) -> str | None:
    """Return the hash under which an access token is stored; None for any other text."""
    return digest(access) if ACCESS.fullmatch(access) else None


def derived(token: str, nonce: str, expires_in: int) -> TokenPair:
    """Derive the successors of a refresh token. Only the token and the nonce together make them."""

    def secret(purpose: str) -> str:
        made = hmac.digest(token.encode(), f"{purpose} {nonce}".encode(), "sha256")
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()

    family = token.rpartition(".")[0]
    return TokenPair(f"cat_{secret('access')}", f"{family}.{secret('refresh')}", expires_in)


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636, section 4.2), the only method that is accepted."""
    hashed = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def same(one: str, other: str) -> bool:
    """Compare two texts in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def name(kind: str, token: str) -> str:
    """Return the key of a code or an access token: a hash of its exact bytes."""
    return f"{PREFIX}{kind}:{digest(token)}"


def access_record(visitor: Visitor, ends: int) -> str:
    """Return what is stored of an access token."""
    return json.dumps({"who": astuple(visitor), "ends": ends})


def access_key(known_by: str) -> str:
    """Return the key of an access token with this fingerprint."""
    return f"{PREFIX}access:{known_by}"


def read_access_record(found: bytes) -> tuple[Visitor, int]:
    """Return whose access token it is, and when it ends, in Unix seconds, from what `access_record` wrote."""
    record = json.loads(found)
    # Interned, because tens of thousands are remembered, of few implementations and sources.
    implementation, subject, login, since, source, *more = record["who"]
    return Visitor(intern(implementation), subject, login, since, intern(source), *more), record["ends"]


def visitor_json(visitor: Visitor) -> str:
    """Write a visitor as JSON."""
    return json.dumps(astuple(visitor))


def read_visitor(who: Any) -> Visitor:
    """Read what `visitor_json` wrote."""
    return Visitor(*json.loads(who))


def login_of(refresh: str) -> str | None:
    """Return the login that a refresh token names; None for any other text."""
    parts = REFRESH.fullmatch(refresh)
    return parts[1] if parts else None
