"""The idle timeout of staff: a login to the console ends half an hour after its last use."""

from __future__ import annotations

from redis import Redis

from runner.store.errors import answering

from .redis_keys import key

#: Seconds without use after which a staff login has run out.
IDLE_S = 1800


class IdleTimeouts:
    """Notes the uses of staff logins."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def begin(self, login: str, idle_s: int = IDLE_S) -> None:
        """Note the first use."""
        with answering():
            self._redis.set(key("idle", login), 1, ex=idle_s)

    def touch(self, login: str, idle_s: int = IDLE_S) -> bool:
        """Note a use. Returns False if the login has run out; a use does not revive it."""
        with answering():
            return bool(self._redis.expire(key("idle", login), idle_s))
