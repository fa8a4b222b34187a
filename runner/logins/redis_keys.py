"""The names of keys: hashes of what they are about, so that a copy of Redis holds nothing that lets anybody in.

All names share one part in braces, so that on a cluster they lie on one node and a script may touch several of them.
"""

from __future__ import annotations

import hashlib
import json

PREFIX = "{login}:"


def key(kind: str, *parts: str) -> str:
    """The key for these parts, which are told apart: ("ab", "c") is not ("a", "bc")."""
    return f"{PREFIX}{kind}:{digest(json.dumps(parts))}"


def digest(text: str) -> str:
    """SHA-256 of exactly these bytes: another spelling of the same token is another token."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
