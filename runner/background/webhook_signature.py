"""The headers of a message by the Standard Webhooks specification: its id, when it was sent, and signatures.

Each key signs `id.timestamp.body` with HMAC-SHA256. A receiver accepts a message if any of the signatures is right, and refuses
one whose timestamp is too far from its own clock, so that a recorded message is of no use later.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime

_VERSION = "v1"


def signed_headers(message_id: str, body: bytes, keys: Sequence[bytes], now: datetime) -> dict[str, str]:
    """Return the three headers of an attempt."""
    timestamp = str(int(now.timestamp()))
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = (base64.b64encode(hmac.digest(key, content, "sha256")).decode() for key in keys)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"{_VERSION},{each}" for each in signatures),
    }
