"""Replays: the ids of assertions and of signed messages, which may come only once."""

from __future__ import annotations

from redis import Redis

from runner.store.errors import answering

from .redis_keys import key


class ReplayStore:
    """Remembers which ids have come."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def first_time(self, kind: str, *parts: str, life_s: int) -> bool:
        """Say whether this comes for the first time, and remember it for `life_s` seconds (at least one).

        Of two simultaneous calls, only one is the first. Raises `StoreAway`: what cannot be looked up is not accepted.
        """
        with answering():
            return bool(self._redis.set(key("seen", kind, *parts), 1, nx=True, ex=max(1, life_s)))

    def came_before(self, kind: str, *parts: str) -> bool:
        """Say whether this has come, without remembering it. Raises `StoreAway`."""
        with answering():
            return bool(self._redis.exists(key("seen", kind, *parts)))
