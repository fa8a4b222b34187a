"""A cache of answers to GETs, kept in Redis for a few seconds if a connection says so, and shared by all workers.

Two runs that send exactly the same request by the same connection get the same answer. What makes a request personal (an
id in the path, a parameter, a header) is part of the key, so one person never gets another's answer. Runs right after a
return do not use the cache (`VendorServices.powers(fresh=True)`), and later ones only what was asked since the return: else
they would see the state from before the click.
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

#: What every key begins with. The number is the version of the stored form, and changes with the fields of `Answer`.
KEPT: Final = "vendor:kept:2:"
MAX_CACHED: Final = 256 * 1024  #: characters of an answer that is cached

_log = logging.getLogger(__name__)


class AnswerCache:
    """A small cache. While Redis does not answer, it behaves as if it were empty."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client

    def now_ms(self) -> int:
        """Return the store's clock in ms; 0, older than any return, while the store does not answer."""
        try:
            seconds, micros = self._redis.time()
        except redis.RedisError:
            return 0
        return seconds * 1000 + micros // 1000

    def find(self, connection: VendorConnection, request: CallRequest, *, asked_after_ms: int = 0) -> Answer | None:
        """Return the cached answer to the same request; None if there is none, or if it was asked before that moment."""
        try:
            stored = cast("bytes | None", self._redis.get(key_of(connection, request)))
        except redis.RedisError as error:
            _log.debug("the store does not answer (%s): vendors are asked again", type(error).__name__)
            return None
        return _read(stored, asked_after_ms) if stored else None

    def keep(self, connection: VendorConnection, request: CallRequest, answer: Answer, *, asked_ms: int) -> None:
        """Cache an answer for as long as the connection says, if its status is 200 and the vendor does not forbid it.

        `asked_ms` is the store's clock from before the call: what the vendor says may be as old as that.
        """
        forbidden = "no-store" in answer.headers.get("cache-control", "").lower()
        if answer.status != 200 or forbidden or len(answer.text) > MAX_CACHED:
            return
        plain = {
            "status": answer.status, "headers": dict(answer.headers), "text": answer.text, "bytes_read": answer.bytes_read,
            "asked_ms": asked_ms,
        }  # fmt: skip
        try:
            self._redis.set(key_of(connection, request), json.dumps(plain), px=int(connection.cache_s * 1000))
        except redis.RedisError as error:
            _log.debug("the store does not answer (%s): an answer is not cached", type(error).__name__)


def _read(stored: bytes, asked_after_ms: int) -> Answer | None:
    """Read a cached answer; None for one that was asked too early, and for anything else."""
    try:
        match json.loads(stored):
            case {
                "status": int(status), "headers": dict(headers), "text": str(text), "bytes_read": int(bytes_read),
                "asked_ms": int(asked_ms),
            }:  # fmt: skip
                return Answer(status, headers, text, bytes_read) if asked_ms >= asked_after_ms else None
    except (ValueError, RecursionError):
        pass
    _log.warning("a cached answer cannot be read: the vendor is asked again")
    return None


def key_of(connection: VendorConnection, request: CallRequest) -> str:
    """Return a key made from everything that distinguishes a request; credentials by their `repr`, which shows no secret."""
    whole = [
        connection.implementation, connection.name, connection.base_url, repr(connection.auth),
        request.path, request.params, sorted(request.headers),
    ]  # fmt: skip
    return f"{KEPT}{hashlib.sha256(json.dumps(whole).encode()).hexdigest()}"
