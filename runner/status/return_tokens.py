"""Signed return addresses: `/r/{token}` tells us which user came back to which session, and that we wrote it.

A token holds nothing secret and can only cause a new run, so it needs no storage and may be used twice. It is the same
for some hours on purpose: the link of a message that has not changed stays the same text, and the re-check after a
return can tell whether a message differs.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Sequence

PURPOSE = b"session-status return 1:"
SIGNATURE_BYTES = 16
#: Longest token that is looked at; a user's subject has at most 255 characters.
MAX_CHARS = 2048


class BadToken(Exception):
    """The token was not made by us, was changed, or is too old."""


class ReturnTokens:
    """Makes and reads tokens. The first key signs, all of them are accepted."""

    def __init__(self, keys: Sequence[str], *, hours: int, clock: Callable[[], float] = time.time) -> None:
        self._keys = [hashlib.sha256(PURPOSE + key.encode()).digest() for key in keys]
        self._span_s = hours * 3600
        self._clock = clock

    def make(self, implementation: str, user: str, session: str) -> str:
        """A token which works for at least the hours given, at most half as long again."""
        half = self._span_s // 2
        ends = (int(self._clock()) // half + 3) * half
        payload = json.dumps([implementation, user, session, ends], separators=(",", ":"), ensure_ascii=False).encode()
        return encode(self._sign(self._keys[0], payload) + payload)

    def read(self, token: str) -> tuple[str, str, str]:
        """Implementation, user and session. Raises `BadToken`."""
        # 1. It is text that we could have written.
        raw = decode(token)
        signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        # 2. One of our keys signed exactly this payload.
        if not any(hmac.compare_digest(signature, self._sign(key, payload)) for key in self._keys):
            raise BadToken("not signed by us")
        # 3. Only now is the payload looked at; it is ours, so its shape is known.
        implementation, user, session, ends = json.loads(payload)
        # 4. It is still valid.
        if self._clock() > ends:
            raise BadToken("too old")
        return implementation, user, session

    @staticmethod
    def _sign(key: bytes, payload: bytes) -> bytes:
        return hmac.digest(key, payload, "sha256")[:SIGNATURE_BYTES]


def encode(raw: bytes) -> str:
    """Letters which need no escaping in an address."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(token: str) -> bytes:
    """The opposite of `encode`, and only of it: another spelling of the same bytes is refused."""
    if not token.isascii() or len(token) > MAX_CHARS:
        raise BadToken("not a token")
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        raise BadToken("not a token") from None
    if encode(raw) != token:
        raise BadToken("not a token")
    return raw
