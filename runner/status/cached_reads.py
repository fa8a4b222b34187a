"""Answers cached statuses in an event loop: nothing here waits for a thread, a lock, a file or the database.

At the end of a session everybody asks at the same time, and nearly all are shown what the cache holds. A thread for each of
them costs more than the answer. So the loop looks first, and changes nothing: it claims no run. Where it finds no fresh
status, for whatever reason, it says nothing, and `StatusService.ask` answers in a thread.
"""

from __future__ import annotations

import math
from hashlib import sha1
from typing import Any

from redis import Redis

from runner.logins.ended_logins import LoginEnded
from runner.store.loop_connection import LoopConnection
from runner.store.reply_queue import is_error, packed

from .cache import UnreadableEntry, check_entry
from .cache_scripts import PEEK
from .no_run_answer import status_by_rule
from .snapshots import SnapshotLookup, UnknownImplementation, UnknownSession
from .status_body import Status
from .status_request import StatusRequest, resolve
from .ttl_cache import NotRemembered

#: By which the store knows the script.
PEEK_SHA = sha1(PEEK.encode(), usedforsecurity=False).hexdigest()

#: Why a request cannot be answered from memory. In a thread, the same is read or raised.
NOT_HERE = (NotRemembered, UnknownImplementation, UnknownSession, LoginEnded)


class CachedReads:
    """Used by one event loop only. `snapshots` must not wait (`StatusSnapshots.remembered`)."""

    def __init__(self, redis: Redis, snapshots: SnapshotLookup, *, public_url: str) -> None:
        self._snapshots = snapshots
        self._public_url = public_url
        self._store = LoopConnection(redis, first=("SCRIPT", "LOAD", PEEK))

    async def status(self, request: StatusRequest) -> Status | None:
        """Return what the cache holds, or None, which says nothing.

        1. The request has a login, and implementation and session are remembered.
        2. The login has not ended; that is read together with the status.
        3. A rule hides the message, or the status is fresh and no return has been reported since.
        """
        try:
            resolved = resolve(request, self._snapshots)
        except NOT_HERE:
            return None
        login_check = resolved.login_check
        if login_check is None:  # 1.
            return None
        if resolved.hidden_s != 0:
            ends = await self._ask("MGET", *login_check.keys)
            valid = isinstance(ends, list) and not login_check.ended(ends)  # 2.
            return status_by_rule(resolved, self._public_url) if valid else None
        keys = (resolved.key, *login_check.keys)
        return _hit(await self._ask("EVALSHA", PEEK_SHA, len(keys), *keys, 0, login_check.since))

    def close(self) -> None:
        """Close the connection to the store."""
        self._store.close()

    async def _ask(self, *words: str | int) -> Any:
        asked = self._store.ask(packed(*words))
        reply = await asked if asked else None
        if is_error(reply, "NOSCRIPT"):
            self._store.drop()  # the next connection loads it again
        return reply


def _hit(found: Any) -> Status | None:
    if not found or not isinstance(found, list):  # 2. and 3., or no answer
        return None
    try:
        check_entry(found)
    except UnreadableEntry:  # a claim deletes it
        return None
    _, body, state, left_ms = found
    return hit_status(body, state.decode(), left_ms)


def hit_status(body: bytes, state: str, left_ms: int) -> Status:
    """Return the status of an entry of the cache that is fresh for so long."""
    old = state == "old"
    return Status("ready" if old else state, body, old, math.ceil(left_ms / 1000) or 1)
