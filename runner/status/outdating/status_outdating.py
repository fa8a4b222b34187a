"""Moves the generations of many statuses, a few round trips for thousands of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from redis import Redis
from redis.exceptions import NoScriptError

from records.facts.fact_tables import WHOLE_EVENT
from runner.status.cache import DONE, StatusCache
from runner.status.cache_scripts import NOW, SHORTEST_MS
from runner.status.snapshots import StatusSnapshots, UnknownImplementation, UnknownSession
from runner.store.lua_scripts import LuaScript
from runner.store.thread_connections import ThreadConnections

from .user_sessions import UserSessions

#: Statuses of one round trip.
BATCH: Final = 500

#: ARGV: now, least life ms, channel -> whether there was a status: it is to be shown as stale until a run that begins from now on
#: has ended
OUTDATE = (
    NOW
    + """
if not is_there() then return 0 end
move()
redis.call('HSET', key, 'fresh', 0, 'moved', now)
drop_run(ARGV[3])
stay(ARGV[2])
return 1
"""
)


class StatusOutdating:
    """Thread-safe."""

    def __init__(self, redis: Redis, snapshots: StatusSnapshots) -> None:
        self._connections = ThreadConnections(redis)
        self._script = LuaScript(redis, OUTDATE)
        self._user_sessions = UserSessions(redis)
        self._snapshots = snapshots

    def outdate(self, implementation: str, pairs: Iterable[tuple[str, str]]) -> None:
        """Let these statuses be found anew: of users (by subject) at sessions, WHOLE_EVENT for all of the user's. Raises `RedisError`."""
        keys: list[str] = []
        for user, session in self._expanded(implementation, pairs):
            try:
                keys.append(self._key_of(implementation, user, session))
            except UnknownSession:
                continue
            except UnknownImplementation:  # it is archived, and shows nothing
                return
            if len(keys) == BATCH:
                self._move(keys)
                keys = []
        self._move(keys)

    def outdate_session(self, implementation: str, session: str) -> int:
        """Let the statuses of all who looked at a session lately be found anew; return how many looked. Raises `RedisError`."""
        snapshot = self._snapshots.implementation(implementation)
        try:
            shown = self._snapshots.shown_for(snapshot, self._snapshots.session(implementation, session))
        except UnknownSession:  # it was added a moment ago, so nobody has looked at it
            return 0
        users = set(self._user_sessions.at(implementation, shown.id))
        self.outdate(implementation, ((user, session) for user in users))
        return len(users)

    def _key_of(self, slug: str, user: str, session: str) -> str:
        implementation = self._snapshots.implementation(slug)
        shown = self._snapshots.shown_for(implementation, self._snapshots.session(slug, session))
        edition = f"{implementation.seen_by(user).edition}-{shown.edition}"
        return StatusCache.key(slug, user, shown.id, edition)

    def _expanded(self, implementation: str, pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
        everywhere: list[str] = []
        for user, session in pairs:
            if session == WHOLE_EVENT:
                everywhere.append(user)
            else:
                yield user, session
        yield from self._user_sessions.of(implementation, everywhere)

    def _move(self, keys: list[str]) -> None:
        if not keys:
            return
        commands = [("EVALSHA", self._script.sha, 1, key, 0, SHORTEST_MS, DONE) for key in dict.fromkeys(keys)]
        try:
            self._connections.ask(*commands)
        except NoScriptError:
            self._script.load()
            self._connections.ask(*commands)
