"""One-time states: what has to survive a trip through somebody else's site. Outside there is only a random handle."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from redis import Redis

from runner.store.errors import answering

from .redis_keys import key


class OneTimeStates:
    """Values which are put once and taken once."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def put(self, kind: str, value: Mapping[str, Any], life_s: int, *, handle: str = "") -> str:
        """Keep a JSON object for so many seconds; return its handle of 256 random bits.

        Or under a `handle` from `new_handle`, where something in the value depends on it.
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
        """Return the value and forget it, in one step: of two who take it, one gets it."""
        with answering():
            return loaded(self._redis.getdel(self.key(kind, handle)))

    def look(self, kind: str, handle: str) -> dict[str, Any] | None:
        """Return the value and leave it."""
        with answering():
            return loaded(self._redis.get(self.key(kind, handle)))


def loaded(found: Any) -> dict[str, Any] | None:
    """The JSON object which was stored; None if there is none."""
    return dict(json.loads(found)) if found is not None else None
