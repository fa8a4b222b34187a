"""The signatures of messages by the Standard Webhooks specification: made for what is sent, verified for what arrives.

Each key signs `id.timestamp.body` with HMAC-SHA256. A receiver accepts a message if any of the signatures is right, and refuses
one whose timestamp is too far from its own clock, so that a recorded message is of no use later.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
#: How far the timestamp of a message may be from our clock, in both directions.
TOLERANCE: Final = timedelta(minutes=5)
#: Signatures in one header: as many as a sender has while it changes its secret, and some more.
MOST_SIGNATURES: Final = 10

_VERSION: Final = "v1"
_MESSAGE_ID: Final = re.compile(r"[!-~]{1,255}")
_SECONDS: Final = re.compile(r"[0-9]{1,12}")


class BadSignature(Exception):
    """A message is not accepted; the text says why, in a sentence."""


def signed_headers(message_id: str, body: bytes, keys: Sequence[bytes], now: datetime) -> dict[str, str]:
    """Return the three headers of an attempt."""
    timestamp = str(int(now.timestamp()))
    made = (base64.b64encode(each).decode() for each in _signatures(message_id, timestamp, body, keys))
    return {ID: message_id, TIMESTAMP: timestamp, SIGNATURE: " ".join(f"{_VERSION},{each}" for each in made)}


def verify(headers: Mapping[str, str], body: bytes, keys: Sequence[bytes], now: datetime) -> str:
    """Return the id of a message that one of the keys has signed. Raises BadSignature.

    1. It has the three headers, each of the form that the specification gives it.
    2. Its timestamp is at most TOLERANCE away from `now`.
    3. It has at most MOST_SIGNATURES; those of other versions do not count.
    4. One of them is what one of the keys makes of exactly these bytes. All are compared, each in constant time.
    """
    # 1.
    message_id, timestamp = headers.get(ID, ""), headers.get(TIMESTAMP, "")
    if not (_MESSAGE_ID.fullmatch(message_id) and _SECONDS.fullmatch(timestamp) and headers.get(SIGNATURE)):
        raise BadSignature(f"The headers {ID}, {TIMESTAMP} and {SIGNATURE} are needed, as Standard Webhooks says.")
    # 2.
    if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise BadSignature(f"The timestamp is more than {TOLERANCE.seconds // 60} minutes away from our clock.")
    # 3.
    sent = headers[SIGNATURE].split(" ")
    if len(sent) > MOST_SIGNATURES:
        raise BadSignature(f"There are more than {MOST_SIGNATURES} signatures.")
    # 4.
    right = list(_signatures(message_id, timestamp, body, keys))
    matches = [hmac.compare_digest(one, other) for one in _decoded(sent) for other in right]
    if not any(matches):
        raise BadSignature("No signature is right: the secret or the body is another one.")
    return message_id


def _signatures(message_id: str, timestamp: str, body: bytes, keys: Iterable[bytes]) -> Iterable[bytes]:
    content = f"{message_id}.{timestamp}.".encode() + body
    return (hmac.digest(key, content, "sha256") for key in keys)


def _decoded(sent: Iterable[str]) -> Iterable[bytes]:
    """Yield the signatures of our version; one that is no Base64 cannot be right."""
    for each in sent:
        version, _, text = each.partition(",")
        if version != _VERSION:
            continue
        try:
            yield base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            continue
