"""What the event loop answers: cached statuses, and requests that wait for a run.

At the end of a session everybody asks at the same time. A thread for each of them costs more than the answer. So the loop
looks first, which changes nothing, and claims a run only if there is no fresh status. Wherever it does not know
something from memory or from the store, it says nothing, and `StatusService` answers in a thread.
"""

from __future__ import annotations

from collections.abc import Coroutine
from hashlib import sha1
from typing import Any

from redis.exceptions import RedisError

from runner.logins.ended_logins import LoginEnded
from runner.status.cache import UnreadableEntry, check_entry
from runner.status.cache_scripts import PEEK
from runner.status.no_run_answer import status_by_rule
from runner.status.snapshots import SnapshotLookup, UnknownImplementation, UnknownSession
from runner.status.status_body import Status
from runner.status.status_request import ResolvedRequest, StatusRequest, resolve
from runner.status.ttl_cache import NotRemembered

from .claim_answers import hit_status
from .loop_access import LeftToThread, LoopAccess
from .loop_subscription import LoopSubscription
from .status_asking import StatusAsking

#: By which the store knows the script.
PEEK_SHA = sha1(PEEK.encode(), usedforsecurity=False).hexdigest()

#: Why a request cannot be answered from memory. In a thread, the same is read or raised.
NOT_HERE = (NotRemembered, UnknownImplementation, UnknownSession, LoginEnded)
#: Why a thread answers after all.
LEFT = (LeftToThread, LoginEnded, UnreadableEntry, RedisError)


class LoopAnswers:
    """Used by one event loop only. `ends` hears of the ends of runs. `snapshots` must not wait (`StatusSnapshots.remembered`)."""

    def __init__(
        self,
        access: LoopAccess,
        ends: LoopSubscription,
        asking: StatusAsking,
        snapshots: SnapshotLookup,
        *,
        public_url: str,
    ) -> None:
        self._access = access
        self._ends = ends
        self._asking = asking
        self._snapshots = snapshots
        self._public_url = public_url

    def start(self) -> None:
        """Begin to hear of the ends of runs, in the running loop. Harmless if that has begun."""
        self._ends.start()

    def resolved(self, request: StatusRequest) -> ResolvedRequest | None:
        """Return what the request is about; None if it has no login, or if implementation and session are not remembered."""
        try:
            found = resolve(request, self._snapshots)
        except NOT_HERE:
            return None
        return found if found.login_check else None

    async def cached(self, resolved: ResolvedRequest) -> Status | None:
        """Return what needs no run, or None, which says nothing. It changes nothing.

        1. The login has not ended; that is read together with the status.
        2. A rule hides the message, or the status is fresh and no return has been reported since.
        """
        login_check = resolved.login_check
        if login_check is None:
            return None
        if resolved.hidden_s != 0:
            valid = await self._access.reply(*login_check.command) == 0  # 1.
            return status_by_rule(resolved, self._public_url) if valid else None
        keys = (resolved.key, *login_check.keys)
        return _hit(await self._access.reply("EVALSHA", PEEK_SHA, len(keys), *keys, 0, login_check.since))

    async def ask(self, resolved: ResolvedRequest, wait_s: float) -> Status | None:
        """Return the status as `StatusService.ask` does, or None: then it must be asked."""
        return await _found(self._asking.ask(self._access, resolved, wait_s))

    async def returned(self, resolved: ResolvedRequest, wait_s: float) -> Status | None:
        """Return the status as `StatusService.returned` does, or None: then it must be told. A return may be told twice."""
        return await _found(self._asking.returned(self._access, resolved, wait_s))

    async def value(self, key: str) -> bytes | None:
        """Return the value of a key of the store; None also if there is no connection."""
        found = await self._access.reply("GET", key)
        return found if isinstance(found, bytes) else None

    def close(self) -> None:
        """Close the connections to the store."""
        self._access.close()
        self._ends.close()


async def _found(asking: Coroutine[Any, Any, Status]) -> Status | None:
    try:
        return await asking
    except LEFT:
        return None


def _hit(found: Any) -> Status | None:
    if not found or not isinstance(found, list):  # 1. and 2., or no answer
        return None
    try:
        check_entry(found)
    except UnreadableEntry:  # a claim deletes it
        return None
    _, body, state, left_ms = found
    return hit_status(body, state.decode(), left_ms)
