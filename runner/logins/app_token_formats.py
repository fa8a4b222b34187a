"""What the app's codes and tokens look like, what is stored of them, and what follows from what.

They are random and say nothing; only hashes of their exact bytes are kept. A refresh token names its login, so that its
family is found, and has a mark, which shows that it was one of the family's.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from dataclasses import astuple, dataclass, field
from typing import Any

from .redis_keys import PREFIX, digest
from .visitor import Visitor

ACCESS = re.compile(r"cat_[A-Za-z0-9_-]{43}")
CODE = re.compile(r"cac_[A-Za-z0-9_-]{43}")
REFRESH = re.compile(r"crt_([A-Za-z0-9_-]{16,64})\.([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}")
#: What an app may call its verifier, and what its challenge is (RFC 7636).
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What the app is given."""

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    expires_in: int  #: seconds


def fingerprint(access: str) -> str | None:
    """By what an access token is known; None if it is none. Another spelling of the same token is another token."""
    return digest(access) if ACCESS.fullmatch(access) else None


def derived(token: str, nonce: str, expires_in: int) -> TokenPair:
    """The successors of a refresh token. Only its holder and the nonce together make them."""

    def secret(purpose: str) -> str:
        made = hmac.digest(token.encode(), f"{purpose} {nonce}".encode(), "sha256")
        return base64.urlsafe_b64encode(made).rstrip(b"=").decode()

    family = token.rpartition(".")[0]
    return TokenPair(f"cat_{secret('access')}", f"{family}.{secret('refresh')}", expires_in)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, section 4.2). There is no other method."""
    hashed = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(hashed).rstrip(b"=").decode()


def same(one: str, other: str) -> bool:
    """Compare without telling by the time taken how much is right."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))


def name(kind: str, token: str) -> str:
    """The key of a code or an access token: a hash of its exact bytes."""
    return f"{PREFIX}{kind}:{digest(token)}"


def access_record(visitor: Visitor, ends: int) -> str:
    """What an access token stands for."""
    return json.dumps({"who": astuple(visitor), "ends": ends})


def written(visitor: Visitor) -> str:
    """A visitor as JSON."""
    return json.dumps(astuple(visitor))


def read(who: Any) -> Visitor:
    """The opposite of `written`."""
    return Visitor(*json.loads(who))


def login_of(refresh: str) -> str | None:
    """The login which a refresh token names; None if it is none."""
    parts = REFRESH.fullmatch(refresh)
    return parts[1] if parts else None
