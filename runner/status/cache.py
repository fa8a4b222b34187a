"""The cache of statuses in Redis: exactly one run at a time for one status, and nothing from before a return after it.

A claim answers a cached status in one round trip and, if a run is due, gives it to exactly one of those who ask. A
return moves the generation, so that a run which began before it can no longer store what it found.
"""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError, ResponseError

from runner.logins.ended_logins import EndedLoginCheck, LoginEnded
from runner.store.error_replies import is_wrong_type

from .cache_scripts import BEGIN, CLAIM, FREE, LEAVE, RETURNED, STORE

#: Where the key of each status is published whose run has ended.
DONE = "st:done"
#: How long somebody may ask without any answer before the status is called unavailable.
PATIENCE_S = 30.0
#: How long a queued run keeps its lock. Then another one may be queued; a run that finds the work done does nothing.
QUEUED_S = 12.0
#: How much longer than the run's wall time its lock lasts once it has begun.
MARGIN_S = 3.0
#: How long the digest of a shown message is remembered: somebody may take this long at a vendor's site.
LIFE_S = 6 * 3600.0
#: A return which is told again this soon is the same one: nobody acts at a vendor's site in that time.
QUIET_S = 1.0
#: Pauses between re-checks after a return, while the vendor's answer is still the old one.
STEPS_S = (2.0, 5.0, 15.0)
#: A failure is cached this long, and shown at most this much longer while the next run is under way.
FAILED_S = 5.0
FAILED_STALE_S = 60.0
#: Share by which a freshness is varied, so that what began together does not expire together.
JITTER = 0.1


#: How each body begins, and the states in the store.
BEGINS = b'{"'
STATES = frozenset({b"", b"ready", b"hidden", b"old"})

log = logging.getLogger(__name__)


class UnreadableEntry(Exception):
    """An entry of the cache is not one that we write."""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """The answer to a claim.

    `what`: hit, stale (a newer one is on its way), checking (after a return; the body is the old one), pending (no
    body), late (nobody answered for too long), told (the same return, told again). `mine`: the caller has to queue the
    run, or free the lock. `earlier` is the token whose lock had expired, `ran` whether that run had begun.
    """

    what: str
    body: bytes = b""
    state: str = ""  #: as in `StatusUpdate`
    left_ms: int = 0
    mine: bool = False
    generation: int = 0
    earlier: str = ""
    ran: bool = False


@dataclass(frozen=True, slots=True)
class LastGoodBody:
    """The last body that came from a run which did not fail."""

    body: bytes
    state: str
    age_s: float


@dataclass(frozen=True, slots=True)
class RunStart:
    """The run may begin. `good` is what a failure may fall back to, never from before a return.

    `returned`: the user came back from outside, so what a vendor said before must not be used again.
    """

    good: LastGoodBody | None
    returned: bool
    rechecks: int = 0  #: which of the re-checks after that return this run is; 0: it is none
    returned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """What a run wants shown.

    `state`: ready, hidden, or old for an earlier run's message which is shown because this run failed. `body` is a JSON
    object without the state. `stale_s` begins when `fresh_s` is over.
    """

    state: str
    body: bytes
    digest: str
    ok: bool
    fresh_s: float
    stale_s: float


class StatusCache:
    """`clock_ms` replaces the server's clock in tests."""

    def __init__(
        self, redis: Redis, *, steps_s: Sequence[float] = STEPS_S, clock_ms: Callable[[], int] | None = None
    ) -> None:
        self._redis = redis
        self._steps = tuple(int(step * 1000) for step in steps_s)
        self._clock = clock_ms
        self._claim, self._begin, self._store = (
            LuaScript(redis, CLAIM),
            LuaScript(redis, BEGIN),
            LuaScript(redis, STORE),
        )
        self._returned, self._free, self._leave = (
            LuaScript(redis, RETURNED),
            LuaScript(redis, FREE),
            LuaScript(redis, LEAVE),
        )

    @staticmethod
    def key(implementation: str, user: str, session: str, edition: str) -> str:
        """The key of one status: what is remembered counts for one edition. The part in braces keeps a status on one node of a cluster."""
        told_apart = f"{user}\0{session}\0{edition}".encode()
        return f"st:{{{implementation}:{hashlib.blake2b(told_apart, digest_size=12).hexdigest()}}}"

    def claim(
        self,
        key: str,
        token: str,
        *,
        standing: EndedLoginCheck | None = None,
        queued_s: float = QUEUED_S,
        patience_s: float = PATIENCE_S,
    ) -> ClaimResult:
        """Read a status; `token` becomes the run's if one is due and nobody has it.

        Whether the asker's login still stands is read in the same round trip. Raises `LoginEnded`, and then nothing
        stays claimed.
        """
        arguments = (token, ms(queued_s), ms(patience_s), ms(LIFE_S))
        if standing is None:
            return self._healed(self._claim, key, *arguments)
        both = PipelinedScript(self._claim, standing.keys)
        found = self._healed(both, key, *arguments)
        if standing.ended(both.values):
            if found.mine:
                self.free(key, token)
            raise LoginEnded
        return found

    def begin(self, key: str, token: str, generation: int, *, wall_s: float) -> RunStart | None:
        """A run wants to begin. None: it is not needed any more, or another one is under way."""
        answer = self._begin(key, self._now(), token, generation, ms(wall_s + MARGIN_S))
        if not answer[0]:
            return None
        due, rechecks, back_ms, *kept = answer[1:]
        good = LastGoodBody(body=kept[0], state=kept[1].decode(), age_s=kept[2] / 1000) if kept else None
        returned_at = datetime.fromtimestamp(back_ms / 1000, UTC) if back_ms else None
        return RunStart(good=good, returned=bool(due), rechecks=rechecks, returned_at=returned_at)

    def store(self, key: str, token: str, generation: int, shown: StatusUpdate) -> bool:
        """A run has ended: free its lock, and unless the generation has moved, show what it found and wake who waits."""
        fresh_s = shown.fresh_s * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing
        answer = self._store(
            key,
            self._now(),
            token,
            generation,
            *(shown.state, shown.body, shown.digest, int(shown.ok)),
            *(ms(fresh_s), ms(fresh_s + shown.stale_s), ms(max(LIFE_S, fresh_s + shown.stale_s)), DONE),
            *self._steps,
        )
        return bool(answer)

    def returned(self, key: str, token: str, *, queued_s: float = QUEUED_S) -> ClaimResult:
        """The user came back from outside: what was found before is not the present state any more."""
        return self._healed(self._returned, key, token, ms(queued_s), ms(LIFE_S), ms(QUIET_S))

    def free(self, key: str, token: str) -> None:
        """Give a claimed run back: it could not be queued."""
        self._free(key, self._now(), token)

    def leave_to(self, key: str, token: str, earlier: str) -> None:
        """Give a claimed run back to the one which has it in the queue still."""
        self._leave(key, self._now(), token, earlier)

    def _healed(self, script: LuaScript | PipelinedScript, key: str, *arguments: str | int) -> ClaimResult:
        """What the script says. An entry that it cannot read, of whomever it may be, is forgotten and made anew."""
        try:
            return parse_claim(script(key, self._now(), *arguments))
        except UnreadableEntry:
            pass
        except ResponseError as error:
            if not is_wrong_type(error):
                raise
        log.error("unreadable entry of the cache forgotten key=%s", key)
        self._redis.delete(key)
        return parse_claim(script(key, self._now(), *arguments))

    def _now(self) -> int:
        return self._clock() if self._clock else 0


class LuaScript:
    """One script, sent by its digest. After a restart of the server it is sent whole, once."""

    def __init__(self, redis: Redis, source: str) -> None:
        self.redis = redis
        self._source = source
        self.sha = hashlib.sha1(source.encode(), usedforsecurity=False).hexdigest()

    def __call__(self, key: str, *arguments: str | bytes | float) -> Any:
        """The script's answer for the one key."""
        try:
            return self.redis.evalsha(self.sha, 1, key, *arguments)
        except NoScriptError:
            return self.redis.eval(self._source, 1, key, *arguments)

    def load(self) -> None:
        """Send the script whole, without running it."""
        self.redis.script_load(self._source)


class PipelinedScript:
    """A script and, in the same round trip, the values of some keys: `values`, after a call."""

    def __init__(self, script: LuaScript, keys: Sequence[str]) -> None:
        self._script = script
        self._keys = keys
        self.values: Sequence[Any] = ()

    def __call__(self, key: str, *arguments: str | bytes | float) -> Any:
        """The script's answer for the one key."""
        try:
            return self._together(key, *arguments)
        except NoScriptError:
            self._script.load()
            return self._together(key, *arguments)

    def _together(self, key: str, *arguments: str | bytes | float) -> Any:
        together = self._script.redis.pipeline(transaction=False)
        together.mget(self._keys)
        together.evalsha(self._script.sha, 1, key, *arguments)
        self.values, answer = together.execute()
        return answer


def ms(seconds: float) -> int:
    """Whole milliseconds."""
    return int(seconds * 1000)


def parse_claim(answer: Any) -> ClaimResult:
    """From the script's list to a value; a hit has only four entries. Raises `UnreadableEntry`."""
    if len(answer) < 4 or answer[2] not in STATES or not (answer[1] == b"" or answer[1].startswith(BEGINS)):
        raise UnreadableEntry
    what, body, state, left_ms = answer[:4]
    if len(answer) == 4:  # the hot path
        return ClaimResult(what.decode(), body, state.decode(), left_ms)
    mine, generation, *earlier = answer[4:]
    if not generation.isdigit():
        raise UnreadableEntry
    return ClaimResult(
        what.decode(),
        body,
        state.decode(),
        left_ms,
        mine=bool(mine),
        generation=int(generation),
        earlier=earlier[0].decode() if earlier else "",
        ran=bool(earlier[1]) if earlier else False,
    )
