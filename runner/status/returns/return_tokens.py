"""Signed return addresses: `/r/{token}` says which user came back to which session.

A token holds nothing secret and can only cause a new run, so it needs no storage and may be used again. It stays the
same for some hours on purpose: the link of an unchanged message is then the same text, so that the re-check after a
return can tell whether the message differs.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable, Sequence
from typing import Final

from itsdangerous import BadData, HMACAlgorithm, Signer
from itsdangerous.encoding import base64_decode, base64_encode

PURPOSE: Final = b"session-status return 2:"
SIGNATURE_BYTES: Final = 16
#: Longest token that is looked at; a user's subject has at most 255 characters.
MAX_CHARS: Final = 2048

#: A payload and a signature of 16 bytes. Four bits of the last character must be 0, so that there is one spelling only.
_WRITTEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{21}[AQgw]")
#: The form of tokens up to release 0.1: the signature first, then the payload, together in base 64.
_EARLIER: Final = re.compile(r"[A-Za-z0-9_-]+")
_EARLIER_PURPOSE: Final = b"session-status return 1:"


class BadToken(Exception):
    """The token was not made by us, was changed, or is too old."""


class ShortHMAC(HMACAlgorithm):
    """HMAC with SHA-256, cut to 128 bits: too long to guess, and short enough for addresses that pass through vendors."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Return the signature of a value."""
        return super().get_signature(key, value)[:SIGNATURE_BYTES]


class ReturnTokens:
    """Makes and reads tokens. The first key signs; all are accepted."""

    def __init__(self, keys: Sequence[str], *, hours: int, clock: Callable[[], float] = time.time) -> None:
        self._signer = Signer(
            list(reversed(keys)),  # the library signs with the last
            salt=PURPOSE,
            key_derivation="hmac",
            digest_method=hashlib.sha256,
            algorithm=ShortHMAC(hashlib.sha256),
        )
        self._earlier_keys = [hashlib.sha256(_EARLIER_PURPOSE + key.encode()).digest() for key in keys]
        self._span_s = hours * 3600
        self._clock = clock

    def make(self, implementation: str, user: str, session: str) -> str:
        """Return a token that works for at least the given hours, and at most half as long again."""
        half = self._span_s // 2
        ends = (int(self._clock()) // half + 3) * half
        payload = json.dumps([implementation, user, session, ends], separators=(",", ":"), ensure_ascii=False).encode()
        return self._signer.sign(base64_encode(payload)).decode()

    def read(self, token: str) -> tuple[str, str, str]:
        """Return implementation, user and session. Raises `BadToken`."""
        # 1. It is not longer than any token.
        if len(token) > MAX_CHARS:
            raise BadToken("not a token")
        # 2. One of our keys signed exactly this payload.
        payload = self._signed(token)
        # 3. The payload is parsed only now; it is our own, so its shape is known.
        implementation, user, session, ends = json.loads(payload)
        # 4. It is still valid.
        if self._clock() > ends:
            raise BadToken("too old")
        return implementation, user, session

    def _signed(self, token: str) -> bytes:
        if _EARLIER.fullmatch(token):
            return self._signed_earlier(token)
        if not _WRITTEN.fullmatch(token):
            raise BadToken("not a token")
        try:
            return base64_decode(self._signer.unsign(token))
        except BadData:
            raise BadToken("not signed by us") from None

    def _signed_earlier(self, token: str) -> bytes:
        """Read a token of an earlier release, which a vendor's page may still hold (decision 0014 says until when)."""
        raw = _exactly_decoded(token)
        signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        signatures = [hmac.digest(key, payload, "sha256")[:SIGNATURE_BYTES] for key in self._earlier_keys]
        if not any(hmac.compare_digest(signature, good) for good in signatures):
            raise BadToken("not signed by us")
        return payload


def _exactly_decoded(token: str) -> bytes:
    """Decode base 64, in its one canonical spelling only."""
    try:
        raw = base64_decode(token)
    except BadData:
        raise BadToken("not a token") from None
    if base64_encode(raw).decode() != token:
        raise BadToken("not a token")
    return raw
