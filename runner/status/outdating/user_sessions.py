"""At which sessions a user may have a fresh status, so that a change that is about the user at the whole event reaches them all.

A run is noted before it reads what it depends on. So a run that has read the old is known to whoever outdates it after the
change is committed, and a run that is noted later reads the new.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Final

from redis import Redis

from runner.store.thread_connections import ThreadConnections

#: Seconds for which a run is remembered beyond the time for which its message is fresh: it must end first.
LONGEST_RUN_S: Final = 300
#: Users that are asked for in one round trip.
BATCH: Final = 500


class UserSessions:
    """The sessions in Redis, by user."""

    def __init__(self, redis: Redis) -> None:
        self._connections = ThreadConnections(redis)

    def note(self, implementation: str, user: str, session: str, fresh_s: float) -> None:
        """Note that a run begins whose message is fresh for so long. Raises `redis.RedisError`."""
        key = _key(implementation, user)
        life_s = int(fresh_s * 1.1) + LONGEST_RUN_S
        self._connections.ask(("SADD", key, session), ("EXPIRE", key, life_s, "NX"), ("EXPIRE", key, life_s, "GT"))

    def of(self, implementation: str, users: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield these users with their sessions. Raises `redis.RedisError`."""
        for start in range(0, len(users), BATCH):
            some = users[start : start + BATCH]
            found = self._connections.ask(*(("SMEMBERS", _key(implementation, user)) for user in some))
            yield from ((user, each.decode()) for user, sessions in zip(some, found, strict=True) for each in sessions)


def _key(implementation: str, user: str) -> str:
    return f"st:at:{{{implementation}:{hashlib.blake2b(user.encode(), digest_size=12).hexdigest()}}}"
