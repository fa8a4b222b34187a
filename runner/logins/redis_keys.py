"""The names of keys: hashes of what they are about, so that a copy of Redis cannot be used to log in.

All names share one part in braces, so that a cluster keeps them on one node and a script may use several of them.
"""

from __future__ import annotations

import hashlib
import json

PREFIX = "{login}:"


def key(kind: str, *parts: str) -> str:
    """Return the key for these parts; ("ab", "c") and ("a", "bc") give different keys."""
    return f"{PREFIX}{kind}:{digest(json.dumps(parts))}"


def digest(text: str) -> str:
    """Return the SHA-256 of exactly these bytes: another spelling of the same token is another token."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
