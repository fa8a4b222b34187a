"""When a user last came back from the link of a session's message: cached answers and facts from before do not count.

A cached status belongs to an edition, and a new one, after an activation or a changed setting, knows nothing of a return. The
moment is kept beside it, for a day: a source of facts that says nothing new of a user for that long is believed again.
"""

from __future__ import annotations

import hashlib
from typing import Final, cast

from redis import Redis

from runner.status.cache_scripts import NOW
from runner.store.lua_scripts import DirectScripts, LuaScript, ScriptCall

#: Seconds for which a moment is kept, which is longer than a connection may say that its answers are cached.
LIFE_S: Final = 86_400

#: ARGV: now, life ms. The server's clock, as that of the answers.
_NOTE = NOW + "redis.call('SET', key, string.format('%d', now), 'PX', ARGV[2]) return 1"


class ReturnMoments:
    """The moments in Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._direct = DirectScripts(redis)
        self.script = LuaScript(redis, _NOTE)

    def note(self, implementation: str, user: str, session: str) -> None:
        """Note that the user is back now. Raises `redis.RedisError`."""
        self._direct.run(self.note_call(implementation, user, session))

    def note_call(self, implementation: str, user: str, session: str) -> ScriptCall:
        """Return the call by which `note` does it. Its answer is 1."""
        return ScriptCall(self.script, (_key(implementation, user, session),), 0, LIFE_S * 1000)

    def last_ms(self, implementation: str, user: str, session: str) -> int:
        """Return when the user was back last, in ms of the store's clock; 0 if that is unknown. Raises `redis.RedisError`."""
        stored = cast("bytes | None", self._redis.get(_key(implementation, user, session)))
        return int(stored) if stored and stored.isdigit() else 0


def _key(implementation: str, user: str, session: str) -> str:
    return f"st:back:{{{implementation}:{digest_of_pair(user, session)}}}"


def digest_of_pair(user: str, session: str) -> str:
    """Return what stands for a user and session in keys."""
    return hashlib.blake2b(f"{user}\0{session}".encode(), digest_size=12).hexdigest()
