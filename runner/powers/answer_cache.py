"""A cache of answers to GETs, kept in Redis for a few seconds if a connection says so, and shared by all workers.

Two runs that send exactly the same request by the same connection get the same answer. What makes a request personal (an
id in the path, a parameter, a header) is part of the key, so one person never gets another's answer. A run after a return
does not use the cache (`VendorServices.powers(fresh=True)`), or it would see the state from before the click.
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

MAX_CACHED: Final = 256 * 1024  #: characters of an answer that is cached

_log = logging.getLogger(__name__)


class AnswerCache:
    """A small cache. While Redis does not answer, it behaves as if it were empty."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def find(self, connection: VendorConnection, request: CallRequest) -> Answer | None:
        """Return the cached answer to the same request; None if there is none."""
        try:
            stored = cast("bytes | None", self._redis.get(key_of(connection, request)))
        except redis.RedisError as error:
            _log.debug("the store does not answer (%s): vendors are asked again", type(error).__name__)
            return None
        return _read(stored) if stored else None

    def keep(self, connection: VendorConnection, request: CallRequest, answer: Answer) -> None:
        """Cache an answer for as long as the connection says, if its status is 200 and the vendor does not forbid it."""
        forbidden = "no-store" in answer.headers.get("cache-control", "").lower()
        if answer.status != 200 or forbidden or len(answer.text) > MAX_CACHED:
            return
        plain = {
            "status": answer.status, "headers": dict(answer.headers), "text": answer.text, "bytes_read": answer.bytes_read,
        }  # fmt: skip
        try:
            self._redis.set(key_of(connection, request), json.dumps(plain), px=int(connection.cache_s * 1000))
        except redis.RedisError as error:
            _log.debug("the store does not answer (%s): an answer is not cached", type(error).__name__)


def _read(stored: bytes) -> Answer | None:
    """Read a cached answer; None for anything else."""
    try:
        match json.loads(stored):
            case {"status": int(status), "headers": dict(headers), "text": str(text), "bytes_read": int(bytes_read)}:
                return Answer(status, headers, text, bytes_read)
    except (ValueError, RecursionError):
        pass
    _log.warning("a cached answer cannot be read: the vendor is asked again")
    return None


def key_of(connection: VendorConnection, request: CallRequest) -> str:
    """Return a key made from everything that distinguishes a request; credentials by their `repr`, which shows no secret.

    The number is the version of the stored form, and changes with the fields of `Answer`.
    """
    whole = [
        connection.implementation, connection.name, connection.base_url, repr(connection.auth),
        request.path, request.params, sorted(request.headers),
    ]  # fmt: skip
    return f"vendor:kept:1:{hashlib.sha256(json.dumps(whole).encode()).hexdigest()}"
