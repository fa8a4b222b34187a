"""A request that waits in its thread, for the store and for the end of a run.

Fewer requests than the server has threads may wait for a first answer; otherwise waiting requests would block cached ones.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from redis import Redis

from runner.logins.ended_logins import EndedLoginCheck
from runner.queues.order_lists import OrderDraft
from runner.queues.status_jobs import DueDrainer, StatusQueue, new_run_id
from runner.status.cache import ClaimResult, StatusCache
from runner.status.change_events import StatusWaiter
from runner.status.returns.return_moments import ReturnMoments
from runner.status.status_body import Status
from runner.status.status_request import ResolvedRequest
from runner.status.waiting_slots import WaitingSlots

from .claim_answers import ClaimAnswers
from .status_asking import Claiming

Value = TypeVar("Value")


class ThreadAccess:
    """Thread-safe; one for each process. Everything in it raises what the client of the store raises."""

    def __init__(
        self, *, redis: Redis, cache: StatusCache, queue: StatusQueue, answers: ClaimAnswers, slots: WaitingSlots
    ) -> None:
        self._redis = redis
        self._cache = cache
        self._queue = queue
        self._answers = answers
        self._returns = ReturnMoments(redis)
        self.slots = slots

    def new_waiter(self) -> StatusWaiter:
        """Return a waiter that blocks its thread."""
        return StatusWaiter()

    async def to_end(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Do it. Nothing ends a thread."""
        return await work

    async def claim_after_return(self, claiming: Claiming) -> ClaimResult:
        """Claim."""
        return await claiming

    async def login_ended(self, login_check: EndedLoginCheck) -> bool:
        """Say whether a login has ended."""
        return login_check.ended(self._redis)

    async def claim(self, resolved: ResolvedRequest, order: OrderDraft) -> ClaimResult:
        """Read the status in one round trip; the claim places the order of a run that is due."""
        return self._cache.claim(resolved.key, new_run_id(), order=order, login_check=resolved.login_check)

    async def returned(self, resolved: ResolvedRequest, order: OrderDraft) -> ClaimResult:
        """Note the moment of a return, which outlives what is cached, and then the return."""
        self._note(resolved)
        return self._cache.returned(resolved.key, new_run_id(), order=order)

    async def returned_hidden(self, resolved: ResolvedRequest) -> None:
        """Note a return, and free the run that was claimed by it."""
        token = new_run_id()
        self._note(resolved)
        self._cache.returned(resolved.key, token)
        self._cache.free(resolved.key, token)

    async def enqueue(self, due: DueDrainer) -> None:
        """Queue the job of a drainer."""
        self._queue.enqueue(due)

    async def answer(self, resolved: ResolvedRequest, claimed: ClaimResult, waited_s: float) -> Status:
        """Return the status that a claim has found."""
        return self._answers.status(resolved, claimed, waited_s)

    def _note(self, resolved: ResolvedRequest) -> None:
        self._returns.note(resolved.implementation.slug, resolved.user, resolved.session)


def completed(work: Coroutine[Any, Any, Value]) -> Value:
    """Return what a coroutine gives that never pauses, as with `ThreadAccess`."""
    try:
        work.send(None)
    except StopIteration as done:
        value: Value = done.value
        return value
    work.close()
    raise RuntimeError("a coroutine paused in a thread")
