"""How long staff may do nothing: a login of the console ends half an hour after its last use."""

from __future__ import annotations

from redis import Redis

from runner.store.errors import answering

from .redis_keys import key

#: Seconds without use after which a login of staff has run out.
IDLE_S = 1800


class IdleTimeouts:
    """Logins in use."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def begin(self, login: str, idle_s: int = IDLE_S) -> None:
        """Note the first use."""
        with answering():
            self._redis.set(key("idle", login), 1, ex=idle_s)

    def touch(self, login: str, idle_s: int = IDLE_S) -> bool:
        """Note a use; False when the login had run out, and then it stays so."""
        with answering():
            return bool(self._redis.expire(key("idle", login), idle_s))
