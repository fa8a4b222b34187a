"""At which sessions a user may have a fresh status, and which users at a session: a change that is about all of them reaches them.

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
        life_s = int(fresh_s * 1.1) + LONGEST_RUN_S
        added = ((_key(implementation, user), session), (_key_of_session(implementation, session), user))
        self._connections.ask(
            *(("SADD", key, each) for key, each in added),
            *(("EXPIRE", key, life_s, how) for key, _ in added for how in ("NX", "GT")),
        )

    def at(self, implementation: str, session: str) -> Iterator[str]:
        """Yield the users of a session, some more than once. Raises `redis.RedisError`."""
        key, cursor = _key_of_session(implementation, session), b"0"
        while True:
            (cursor, users) = self._connections.ask(("SSCAN", key, cursor, "COUNT", BATCH))[0]
            yield from (user.decode() for user in users)
            if cursor == b"0":
                return

    def of(self, implementation: str, users: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield these users with their sessions. Raises `redis.RedisError`."""
        for start in range(0, len(users), BATCH):
            some = users[start : start + BATCH]
            found = self._connections.ask(*(("SMEMBERS", _key(implementation, user)) for user in some))
            yield from ((user, each.decode()) for user, sessions in zip(some, found, strict=True) for each in sessions)


def _key_of_session(implementation: str, session: str) -> str:
    return f"st:of:{{{implementation}:{hashlib.blake2b(session.encode(), digest_size=12).hexdigest()}}}"


def _key(implementation: str, user: str) -> str:
    return f"st:at:{{{implementation}:{hashlib.blake2b(user.encode(), digest_size=12).hexdigest()}}}"
