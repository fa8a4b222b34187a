"""Answers to GETs, kept in Redis for a few seconds where a connection says so, and shared by all workers.

Two runs that send the very same request of the same connection get the same answer; what makes a request personal (an
id in the path, a parameter, a header) is part of it, so one person's answer is never another's. A run after a return
asks anew (`VendorServices.powers(fresh=True)`), or it would see the state from before the click.
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Final, cast

import redis

from sandbox import Answer

from .call_request import CallRequest
from .connections.vendor_connection import VendorConnection

MAX_KEPT: Final = 256 * 1024  #: characters of an answer worth keeping

_log = logging.getLogger(__name__)


class AnswerCache:
    """A small cache; whenever Redis does not answer it is as if nothing had been kept."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def find(self, connection: VendorConnection, asked: CallRequest) -> Answer | None:
        """Give the kept answer to the same request, if there is one."""
        try:
            stored = cast("bytes | None", self._redis.get(key_of(connection, asked)))
        except redis.RedisError as error:
            _log.debug("the store does not answer (%s): vendors are asked anew", type(error).__name__)
            return None
        return _read(stored) if stored else None

    def keep(self, connection: VendorConnection, asked: CallRequest, answer: Answer) -> None:
        """Keep an answer for as long as the connection says, if it went well and the vendor does not forbid it."""
        forbidden = "no-store" in answer.headers.get("cache-control", "").lower()
        if answer.status != 200 or forbidden or len(answer.text) > MAX_KEPT:
            return
        plain = {
            "status": answer.status, "headers": dict(answer.headers), "text": answer.text, "bytes_read": answer.bytes_read,
        }  # fmt: skip
        try:
            self._redis.set(key_of(connection, asked), json.dumps(plain), px=int(connection.cache_s * 1000))
        except redis.RedisError as error:
            _log.debug("the store does not answer (%s): an answer is not kept", type(error).__name__)


def _read(stored: bytes) -> Answer | None:
    """The answer as it was kept; None for whatever else lies there."""
    try:
        match json.loads(stored):
            case {"status": int(status), "headers": dict(headers), "text": str(text), "bytes_read": int(bytes_read)}:
                return Answer(status, headers, text, bytes_read)
    except (ValueError, RecursionError):
        pass
    _log.warning("a kept answer cannot be read: the vendor is asked anew")
    return None


def key_of(connection: VendorConnection, asked: CallRequest) -> str:
    """Everything that makes a request what it is; the credentials by their `repr`, which shows no secret.

    The number is the version of what is stored: it changes with the fields of `Answer`.
    """
    whole = [
        connection.implementation, connection.name, connection.base_url, repr(connection.auth),
        asked.path, asked.params, sorted(asked.headers),
    ]  # fmt: skip
    return f"vendor:kept:1:{hashlib.sha256(json.dumps(whole).encode()).hexdigest()}"
