"""Takes the orders of one implementation for one drainer: a result is stored and the next order taken in one round trip."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from redis import Redis

from runner.queues.backlog import ORDERS_KEY
from runner.queues.drainer_leases import LEASE_S
from runner.queues.order_lists import read_order
from runner.queues.status_jobs import DrainOrder, DueDrainer, JobRefused, new_run_id
from runner.runs.run_execution import BegunRun
from runner.status.cache import StatusCache, ms, parse_start
from runner.store.lua_scripts import LuaScript, ScriptCall

from .take_script import TAKE

log = logging.getLogger(__name__)


class WithoutOrder(StrEnum):
    """What a drainer does when there is no order for it: it waits for the next, or it ends. If it leaves, it takes none in any case."""

    REST = "rest"
    END = "end"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class TakeTerms:
    """How a drainer takes an order. `yields`: it ends instead if a drainer of others waits for a place."""

    without: WithoutOrder
    yields: bool


@dataclass(frozen=True, slots=True)
class Take:
    """What came of an attempt: an order, or that the drainer rests, or neither: it has ended. A job is to be queued for `due`."""

    order: BegunRun | None = None
    rests: bool = False
    due: DueDrainer | None = None


class OrderTaker:
    """The orders for one drainer, over the connections and by the clock of `cache`.

    Its methods raise `redis.RedisError`; each may then be called again.
    """

    def __init__(self, redis: Redis, cache: StatusCache, drainer: DrainOrder) -> None:
        self._direct = cache.direct
        self._take = LuaScript(redis, TAKE)
        self._now = cache.now
        self._drainer = drainer
        self._wake = f"st:wake:{drainer.drainer}"
        self._ended: str | bytes = ""  #: the token of the run that has ended; as it was written, if it is refused

    def take(self, terms: TakeTerms) -> Take:
        """Take the next order."""
        found: Take | None = None
        while found is None:
            found = self._read(self._direct.run(self._call(terms))[0])
        return found

    def end(self, begun: BegunRun) -> None:
        """Note that a run has ended, so that its order is not given again."""
        self._ended = begun.order.token

    def end_and_take(self, begun: BegunRun, storing: ScriptCall, terms: TakeTerms) -> tuple[bool, Take]:
        """Store what a run shows and take the next order; return also whether it was stored."""
        self.end(begun)
        stored, answer = self._direct.run(storing, self._call(terms))
        return bool(stored), self._read(answer) or self.take(terms)

    def rest(self, seconds: float) -> bool:
        """Wait until an order comes; return False if none did."""
        return self._direct.pop(self._wake, seconds)

    def _call(self, terms: TakeTerms) -> ScriptCall:
        own = self._drainer
        told = (own.implementation, own.drainer, own.most, self._ended, ms(LEASE_S))
        how = (terms.without.value, int(terms.yields), new_run_id())
        return ScriptCall(self._take, (f"{ORDERS_KEY}{{{own.implementation}}}",), self._now(), *told, *how)

    def _read(self, answer: list[Any]) -> Take | None:
        """Return what an answer of the script says; None if it gave an order that is refused."""
        what, *rest = answer
        if what == b"rest":
            return Take(rests=True)
        if what == b"lost":
            log.warning("a drainer was taken for dead, and ends implementation=%s", self._drainer.implementation)
            return Take()
        name = rest[-1].decode()
        due = DueDrainer(self._drainer.implementation, name, self._drainer.most) if name else None
        if what == b"end":
            return Take(due=due)
        raw, back_ms, start, _ = rest
        try:
            return Take(self._begun(raw, int(back_ms) if back_ms.isdigit() else 0, start), due=due)
        except JobRefused as refusal:
            log.warning("order refused implementation=%s why=%s", self._drainer.implementation, refusal)
            self._ended = raw.split(b" ")[3]
            return None

    def _begun(self, raw: bytes, back_ms: int, start: list[Any]) -> BegunRun:
        """Return the run of an order. Raises `JobRefused`.

        1. The order is one that we write, and of the implementation that this drainer serves.
        2. It is of the status whose lock the store has found to be that of its run.
        """
        slug = self._drainer.implementation
        digest, order = read_order(slug, raw)
        key = StatusCache.key(slug, order.user, order.session, order.edition)
        if key != f"st:{{{slug}:{digest}}}":
            raise JobRefused("is of another status")
        try:
            started = parse_start(start)
        except Exception as error:  # reading what somebody else wrote may raise anything
            raise JobRefused("begins with what we never write") from error
        if started is None:
            raise JobRefused("has not begun")
        return BegunRun(key, order, started, back_ms)
