"""The rule by which a request for a status is answered: claim a run if one is due, wait for its end, answer.

It is written once, as coroutines that know nothing of how a request waits: `StoreAccess` does. In a thread it blocks, so
that these coroutines never pause; in an event loop they do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

from runner.logins.ended_logins import EndedLoginCheck, LoginEnded
from runner.pressure.run_admission import RunAdmission
from runner.queues.order_lists import OrderDraft
from runner.queues.status_jobs import DueDrainer
from runner.status.cache import ClaimResult
from runner.status.change_events import ChangeListener, RunEndWaiter, answer_told
from runner.status.no_run_answer import status_by_rule
from runner.status.status_body import Status
from runner.status.status_request import ResolvedRequest
from runner.status.waiting_slots import WaitingSlots

Value = TypeVar("Value")

#: A coroutine that claims a run, and one that does so with a given order.
Claiming = Coroutine[Any, Any, ClaimResult]
ClaimWithOrder = Callable[[ResolvedRequest, OrderDraft], Claiming]


class StoreAccess(Protocol):
    """How a request reaches the store, and where it waits."""

    slots: WaitingSlots  #: for those that wait for a first answer

    def new_waiter(self) -> RunEndWaiter:
        """Return a waiter for the end of a run."""

    async def to_end(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Let work go on to its end, also if its client leaves: a run that was claimed must get its job, or be freed."""

    async def claim_after_return(self, claiming: Claiming) -> ClaimResult | None:
        """Let the later claim of a return go on to its end; None if it cannot be made: then what is known is answered."""

    async def login_ended(self, login_check: EndedLoginCheck) -> bool:
        """Say whether a login has ended. A claim checks that itself, in its own round trip."""

    async def claim(self, resolved: ResolvedRequest, order: OrderDraft) -> ClaimResult:
        """Read the status, and place the order of a run that is due. Raises `LoginEnded`."""

    async def returned(self, resolved: ResolvedRequest, order: OrderDraft) -> ClaimResult:
        """Note a return, and place the order of a run."""

    async def returned_hidden(self, resolved: ResolvedRequest) -> None:
        """Note a return where a rule hides the message: there is no run, but what was found before is outdated."""

    async def enqueue(self, due: DueDrainer) -> None:
        """Queue the job of a drainer."""

    async def answer(self, resolved: ResolvedRequest, claimed: ClaimResult, waited_s: float) -> Status:
        """Return the status that a claim has found, after so many seconds."""


class _Claims(NamedTuple):
    """How a request claims first, and how later: None if that cannot be done, so that what is known is the answer."""

    first: Callable[[], Claiming]
    later: Callable[[], Coroutine[Any, Any, ClaimResult | None]]


class StatusAsking:
    """One for each process. `longest_wait_s` is how long a request may wait for a first answer at most."""

    def __init__(
        self, *, listener: ChangeListener, admission: RunAdmission, public_url: str, longest_wait_s: float
    ) -> None:
        self._listener = listener
        self._admission = admission
        self._public_url = public_url
        self._longest_wait_s = longest_wait_s

    async def ask(self, access: StoreAccess, resolved: ResolvedRequest, wait_s: float) -> Status:
        """Return the status, after waiting for a first answer for at most `wait_s`. Raises `LoginEnded`."""
        if resolved.hidden_s != 0:
            await self._check_login(access, resolved)
            return status_by_rule(resolved, self._public_url)
        claim = partial(self._claim, access, resolved)
        return await self._answered(access, resolved, _Claims(claim, lambda: access.to_end(claim())), wait_s)

    async def returned(self, access: StoreAccess, resolved: ResolvedRequest, wait_s: float) -> Status:
        """Note that the user came back, and return the status as `ask` does. Raises `LoginEnded`."""
        await self._check_login(access, resolved)
        if resolved.hidden_s != 0:
            await access.to_end(access.returned_hidden(resolved))
            return status_by_rule(resolved, self._public_url)
        first, again = partial(self._claim_returned, access, resolved), partial(self._claim, access, resolved)
        claims = _Claims(first, lambda: access.claim_after_return(again()))
        return await self._answered(access, resolved, claims, wait_s)

    async def _check_login(self, access: StoreAccess, resolved: ResolvedRequest) -> None:
        if resolved.login_check and await access.login_ended(resolved.login_check):
            raise LoginEnded

    async def _answered(self, access: StoreAccess, resolved: ResolvedRequest, claims: _Claims, wait_s: float) -> Status:
        if wait_s <= 0:
            return await access.answer(resolved, await access.to_end(claims.first()), 0.0)
        began = time.monotonic()
        claimed = await self._claim_and_wait(access, resolved, claims, began + min(wait_s, self._longest_wait_s))
        return await access.answer(resolved, claimed, time.monotonic() - began)

    async def _claim_and_wait(
        self, access: StoreAccess, resolved: ResolvedRequest, claims: _Claims, ends: float
    ) -> ClaimResult:
        """Claim, and wait until the run has ended or the time is up, unless too many requests wait already.

        The end of the run brings the answer, so a request claims a second time only if it has not heard of that.
        """
        waiter = access.new_waiter()
        with self._listener.waiting_for(resolved.key, waiter):  # before the claim, so that no end is missed
            claimed = await access.to_end(claims.first())
            if not claimed.unanswered:
                return claimed
            with access.slots.taken_for(resolved.implementation.slug) as may_wait:
                while may_wait and claimed.unanswered and (left_s := ends - time.monotonic()) > 0:
                    told = await waiter.ended(left_s)
                    found = answer_told(told, claimed) or await claims.later()
                    if found is None:
                        break
                    claimed = found
            return claimed

    async def _claim(self, access: StoreAccess, resolved: ResolvedRequest) -> ClaimResult:
        return await self._counted(access, resolved, access.claim)

    async def _claim_returned(self, access: StoreAccess, resolved: ResolvedRequest) -> ClaimResult:
        claimed = await self._counted(access, resolved, access.returned)
        return claimed if claimed.mine else await self._claim(access, resolved)

    async def _counted(self, access: StoreAccess, resolved: ResolvedRequest, claim: ClaimWithOrder) -> ClaimResult:
        """Claim; count the run if the claim has started one, and queue the jobs that are due.

        If that fails, the order waits all the same: another drainer is due soon.
        """
        slug, user, is_mine = resolved.implementation.slug, resolved.user, False
        starts = self._admission.take(slug, user)
        try:
            claimed = await claim(resolved, resolved.order(starts))
            is_mine = claimed.mine
        finally:
            if starts and not is_mine:
                self._admission.give_back(slug, user)
        for due in claimed.due:
            await access.enqueue(due)
        return claimed
