"""The cache of statuses in Redis: one run at a time for each status, and no result from before a return is shown after it.

A claim answers a cached status in one round trip and, if a run is due, gives it to exactly one caller. A return moves
the generation, so that a run that began before it can no longer store its result.
"""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from redis import Redis
from redis.exceptions import ResponseError

from runner.logins.ended_logins import EndedLoginCheck, LoginEnded
from runner.queues.order_lists import OrderDraft, due_drainers
from runner.queues.status_jobs import WAITING_S, DueDrainer, new_run_id
from runner.store.error_replies import is_wrong_type
from runner.store.lua_scripts import DirectScripts, LuaScript, ScriptCall

from .cache_scripts import BEGIN, CLAIM, FREE, RETURNED, SHORTEST_MS, STORE, TAKE_BACK
from .returns.return_moments import digest_of_pair

#: The channel on which the key of a status is published when its run has ended.
DONE = "st:done"
#: Seconds that a client may ask without an answer before the status is called unavailable.
PATIENCE_S = 30.0
#: Seconds for which a run keeps its lock while its order waits: as long as the order counts.
QUEUED_S = float(WAITING_S)
#: Seconds by which a lock lasts longer than the wall time of its run, once the run has begun.
MARGIN_S = 3.0
#: Seconds for which the digest of a message with a link is remembered after its body has gone: a user may spend this long at a
#: vendor's site.
LIFE_S = 6 * 3600.0
#: A return that is reported again within this many seconds is the same one.
QUIET_S = 1.0
#: Pauses between re-checks after a return, while the vendor's answer is still the old one.
STEPS_S = (2.0, 5.0, 15.0)
#: Seconds for which a failure is cached, and for which it may then be shown while the next run is under way.
FAILED_S = 5.0
FAILED_STALE_S = 60.0
#: Keys that a process remembers, because everybody asks again and again about the same session.
REMEMBERED = 50_000
#: Share by which a freshness is varied, so that statuses that were stored together do not expire together.
JITTER = 0.1


#: What a claim says of the run: it is the caller's, or none was started.
MINE, HELD_BACK = 1, 2
#: The first bytes of each body, and the states in the store.
BEGINS = b'{"'
STATES = frozenset({b"", b"ready", b"hidden", b"old"})

log = logging.getLogger(__name__)


class UnreadableEntry(Exception):
    """An entry of the cache was not written by this service."""


class ClaimResult(NamedTuple):
    """The answer to a claim. A tuple, as `ResolvedRequest` is.

    `what`: hit, stale (a newer one is on its way), checking (after a return; the body is the old one), pending (no
    body), late (no run has answered for too long), told (the same return, reported again). `mine`: the run is the caller's,
    whose order was placed if there was one. `held_back`: no run is under way, and none was started, because too much waits.
    For each of `due` the caller must queue a job. `in_front`: how many orders wait in front of the one that was placed; -1: none was.
    """

    what: str
    body: bytes = b""
    state: str = ""  #: as in `StatusUpdate`
    left_ms: int = 0
    mine: bool = False
    generation: int = 0
    due: tuple[DueDrainer, ...] = ()
    held_back: bool = False
    in_front: int = -1

    @property
    def unanswered(self) -> bool:
        """Whether a run is under way whose end is worth waiting for."""
        return self.what in {"pending", "checking"} and not self.left_ms and not self.held_back


@dataclass(frozen=True, slots=True)
class LastGoodBody:
    """The last body that came from a run that did not fail."""

    body: bytes
    state: str
    age_s: float


@dataclass(frozen=True, slots=True)
class RunStart:
    """The run may begin. `good` is what may be shown if it fails; it is never from before a return.

    `returned`: the user came back from the message's link, so vendors' earlier answers must not be used again.
    """

    good: LastGoodBody | None
    returned: bool
    rechecks: int = 0  #: number of this re-check after the return; 0 if the run is none
    returned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """What a run shows.

    `state`: ready, hidden, or old for an earlier run's message that is shown because this run failed. `body` is a JSON
    object without the state. `stale_s` begins when `fresh_s` is over. `good_s`: for how long it may be shown as the last good
    message. `leads_away`: it has a link, from which the user may come back after the body has gone.
    """

    state: str
    body: bytes
    digest: str
    ok: bool
    fresh_s: float
    stale_s: float
    good_s: float = 0.0
    leads_away: bool = True

    @property
    def life_s(self) -> float:
        """The seconds for which the status is kept, in the end without its body."""
        return max(self.fresh_s * (1 + JITTER) + self.stale_s, self.good_s) + (LIFE_S if self.leads_away else 0.0)


class StatusCache:
    """Claims, begins and stores statuses. `direct` are its connections. `clock_ms` replaces the server's clock in tests."""

    def __init__(
        self, redis: Redis, *, steps_s: Sequence[float] = STEPS_S, clock_ms: Callable[[], int] | None = None
    ) -> None:
        self._redis = redis
        self.direct = DirectScripts(redis)
        self._steps = tuple(int(step * 1000) for step in steps_s)
        self._clock = clock_ms
        self._claim, self._returned, self._begin, self._store, self._free, self._take_back = (
            LuaScript(redis, source) for source in (CLAIM, RETURNED, BEGIN, STORE, FREE, TAKE_BACK)
        )

    @property
    def claim_scripts(self) -> tuple[LuaScript, ...]:
        """The scripts of `claim_call`, `returned_call` and `free_call`."""
        return (self._claim, self._returned, self._free)

    @staticmethod
    @lru_cache(maxsize=REMEMBERED)
    def key(implementation: str, user: str, session: str, edition: str) -> str:
        """Return the key of one status in one edition. The part in braces keeps a status on one node of a cluster."""
        about = f"{user}\0{session}\0{edition}".encode()
        return f"st:{{{implementation}:{hashlib.blake2b(about, digest_size=12).hexdigest()}}}"

    def claim(
        self,
        key: str,
        token: str,
        *,
        order: OrderDraft | None = None,
        login_check: EndedLoginCheck | None = None,
        patience_s: float = PATIENCE_S,
    ) -> ClaimResult:
        """Read a status; if a run is due and not yet claimed, claim it with `token` and place its order.

        All in one round trip, as is `login_check`: for a login that has ended, it changes nothing and raises `LoginEnded`.
        """
        return self._run(self.claim_call(key, token, order=order, login_check=login_check, patience_s=patience_s))

    def claim_call(
        self,
        key: str,
        token: str,
        *,
        order: OrderDraft | None = None,
        login_check: EndedLoginCheck | None = None,
        patience_s: float = PATIENCE_S,
    ) -> ScriptCall:
        """Return the call by which `claim` does it. `parse_claim` reads its answer."""
        keys = (key, *login_check.keys) if login_check else (key,)
        since = login_check.since if login_check else 0
        times = (ms(QUEUED_S), ms(patience_s), SHORTEST_MS)
        return ScriptCall(self._claim, keys, self.now(), token, *times, since, *_placed(key, order))

    def begin(self, key: str, token: str, generation: int, *, wall_s: float) -> RunStart | None:
        """Begin a run. Returns None if it is not needed any more, or if another one is under way."""
        return parse_start(self._begin(key, self.now(), token, generation, ms(wall_s + MARGIN_S)))

    def store(self, key: str, token: str, generation: int, shown: StatusUpdate) -> bool:
        """End a run: free its lock and, unless the generation has moved, store what it shows and wake waiting requests."""
        return bool(self.direct.run(self.store_call(key, token, generation, shown))[0])

    def store_call(self, key: str, token: str, generation: int, shown: StatusUpdate) -> ScriptCall:
        """Return the call by which `store` does it, to be sent together with others. Its answer is 0 if nothing was stored."""
        fresh_s = shown.fresh_s * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311 - spreads load, guards nothing
        return ScriptCall(
            self._store,
            (key,),
            *(self.now(), token, generation, shown.state, shown.body),
            *(shown.digest + "+" * shown.leads_away, int(shown.ok), ms(fresh_s), ms(fresh_s + shown.stale_s)),
            *(max(SHORTEST_MS, ms(shown.life_s)), DONE),
            *self._steps,
        )

    def returned(self, key: str, token: str, *, order: OrderDraft | None = None) -> ClaimResult:
        """Note that the user came back from the message's link, which makes earlier results outdated; claim a new run."""
        return self._run(self.returned_call(key, token, order=order))

    def returned_call(self, key: str, token: str, *, order: OrderDraft | None = None) -> ScriptCall:
        """Return the call by which `returned` does it. `parse_claim` reads its answer."""
        times = (ms(QUEUED_S), ms(QUIET_S), SHORTEST_MS)
        return ScriptCall(self._returned, (key,), self.now(), token, *times, 0, *_placed(key, order))

    def take_back(self, key: str) -> None:
        """Forget what is shown, also as the last good message: it came from a run that must not be believed."""
        self._take_back(key, self.now(), SHORTEST_MS, DONE)

    def free(self, key: str, token: str) -> None:
        """Free a claimed run that could not be queued."""
        self.direct.run(self.free_call(key, token))

    def free_call(self, key: str, token: str) -> ScriptCall:
        """Return the call by which `free` does it."""
        return ScriptCall(self._free, (key,), self.now(), token)

    def _run(self, call: ScriptCall) -> ClaimResult:
        """Run the Lua script; delete an unreadable entry and retry once."""
        try:
            return parse_claim(self.direct.run(call)[0])
        except UnreadableEntry:
            pass
        except ResponseError as error:
            if not is_wrong_type(error):
                raise
        log.error("unreadable entry of the cache deleted key=%s", call.keys[0])
        self._redis.delete(call.keys[0])
        return parse_claim(self.direct.run(call)[0])

    def now(self) -> int:
        """Return the first argument of scripts: 0 for the server's clock."""
        return self._clock() if self._clock else 0


def ms(seconds: float) -> int:
    """Return seconds as whole milliseconds."""
    return int(seconds * 1000)


def _placed(key: str, order: OrderDraft | None) -> tuple[str | int, ...]:
    """Return the arguments by which a script places an order."""
    if order is None:
        return ()
    digest = key[key.rindex(":") + 1 : -1]
    pair = digest_of_pair(order.user, order.session)
    return (order.implementation, digest, pair, order.most, order.lock_ms, order.as_json, new_run_id(), order.starts)


def parse_start(answer: Any) -> RunStart | None:
    """Turn the answer of `BEGIN` into a value; None if the run may not begin."""
    if not answer[0]:
        return None
    due, rechecks, back_ms, *last = answer[1:]
    good = LastGoodBody(body=last[0], state=last[1].decode(), age_s=last[2] / 1000) if last else None
    returned_at = datetime.fromtimestamp(back_ms / 1000, UTC) if back_ms else None
    return RunStart(good=good, returned=bool(due), rechecks=rechecks, returned_at=returned_at)


def check_entry(answer: Any) -> None:
    """Check body and state in the answer of a script. Raises `UnreadableEntry`."""
    if len(answer) < 4 or answer[2] not in STATES or not (answer[1] == b"" or answer[1].startswith(BEGINS)):
        raise UnreadableEntry


def parse_claim(answer: Any) -> ClaimResult:
    """Turn the script's list into a value; for a hit it has only four entries. Raises `UnreadableEntry` and `LoginEnded`."""
    if answer == [b"ended"]:
        raise LoginEnded
    check_entry(answer)
    what, body, state, left_ms = answer[:4]
    if len(answer) == 4:
        return ClaimResult(what.decode(), body, state.decode(), left_ms)
    mine, generation, due, in_front = answer[4:]
    if not generation.isdigit():
        raise UnreadableEntry
    drainers, held_back = due_drainers(due), mine == HELD_BACK
    return ClaimResult(
        what.decode(), body, state.decode(), left_ms, mine == MINE, int(generation), drainers, held_back, in_front
    )
