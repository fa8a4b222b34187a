"""What may come only once: the ids of assertions and of signed messages. A replay is the second time."""

from __future__ import annotations

from redis import Redis

from runner.store.errors import answering

from .redis_keys import key


class ReplayStore:
    """The replay store."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def first_time(self, kind: str, *parts: str, life_s: int) -> bool:
        """Say whether this comes for the first time; it is remembered for so many seconds (at least one).

        Of two who ask at once, one is the first. Raises `StoreAway`: what cannot be looked up counts as no first time.
        """
        with answering():
            return bool(self._redis.set(key("seen", kind, *parts), 1, nx=True, ex=max(1, life_s)))
