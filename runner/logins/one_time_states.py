"""One-time states: values that must survive a trip through somebody else's site, which sees only a random handle."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from redis import Redis

from runner.store.errors import answering

from .redis_keys import key


class OneTimeStates:
    """Values that are put once and taken once."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, kind: str, value: Mapping[str, Any], life_s: int, *, handle: str = "") -> str:
        """Keep a JSON object for `life_s` seconds; return its handle of 256 random bits.

        `handle` is one from `new_handle`, for a value that contains something derived from its handle.
        """
        handle = handle or self.new_handle()
        with answering():
            self._redis.set(self.key(kind, handle), json.dumps(value), ex=life_s)
        return handle

    @staticmethod
    def key(kind: str, handle: str) -> str:
        """Return the name of a state in the store."""
        return key("once", kind, handle)

    @staticmethod
    def new_handle() -> str:
        """Return 256 random bits, as 43 characters."""
        return secrets.token_urlsafe(32)

    def take(self, kind: str, handle: str) -> dict[str, Any] | None:
        """Return the value and delete it in one step, so that only one caller gets it."""
        with answering():
            return loaded(self._redis.getdel(self.key(kind, handle)))

    def look(self, kind: str, handle: str) -> dict[str, Any] | None:
        """Return the value and keep it."""
        with answering():
            return loaded(self._redis.get(self.key(kind, handle)))


def loaded(found: Any) -> dict[str, Any] | None:
    """Return the JSON object that was stored; None if there is none."""
    return dict(json.loads(found)) if found is not None else None
