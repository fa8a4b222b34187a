"""Signed return addresses: `/r/{token}` tells us which user came back to which session, and that we wrote it.

A token holds nothing secret and can only cause a new run, so it needs no storage and may be used twice. It is the same
for some hours on purpose: the link of a message that has not changed stays the same text, and the re-check after a
return can tell whether a message differs.
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

#: A payload and a signature of 16 bytes, of whose last character four bits must be 0: no second spelling is read.
_WRITTEN: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{21}[AQgw]")
#: As tokens were written up to release 0.1: the signature first, then the payload, together in base 64.
_EARLIER: Final = re.compile(r"[A-Za-z0-9_-]+")
_EARLIER_PURPOSE: Final = b"session-status return 1:"


class BadToken(Exception):
    """The token was not made by us, was changed, or is too old."""


class ShortHMAC(HMACAlgorithm):
    """SHA-256 cut to 128 bits: nobody can guess it, and addresses stay short on their way through vendors."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        """Return the signature of a value."""
        return super().get_signature(key, value)[:SIGNATURE_BYTES]


class ReturnTokens:
    """Makes and reads tokens. The first key signs, all of them are accepted."""

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
        """A token which works for at least the hours given, at most half as long again."""
        half = self._span_s // 2
        ends = (int(self._clock()) // half + 3) * half
        payload = json.dumps([implementation, user, session, ends], separators=(",", ":"), ensure_ascii=False).encode()
        return self._signer.sign(base64_encode(payload)).decode()

    def read(self, token: str) -> tuple[str, str, str]:
        """Implementation, user and session. Raises `BadToken`."""
        # 1. It is text that we could have written.
        if len(token) > MAX_CHARS:
            raise BadToken("not a token")
        # 2. One of our keys signed exactly this payload.
        payload = self._signed(token)
        # 3. Only now is the payload looked at; it is ours, so its shape is known.
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
        """Read a token of an earlier release, which a vendor's page may hold for hours (decision 0014 says until when)."""
        raw = _exactly_decoded(token)
        signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
        signatures = [hmac.digest(key, payload, "sha256")[:SIGNATURE_BYTES] for key in self._earlier_keys]
        if not any(hmac.compare_digest(signature, good) for good in signatures):
            raise BadToken("not signed by us")
        return payload


def _exactly_decoded(token: str) -> bytes:
    """Decode base 64 of which no other spelling is read."""
    try:
        raw = base64_decode(token)
    except BadData:
        raise BadToken("not a token") from None
    if base64_encode(raw).decode() != token:
        raise BadToken("not a token")
    return raw
