"""A request that waits in the event loop: nothing here waits for a thread, a file or the database.

A waiting request is a future, so many more of them may wait than the server has threads. What the loop cannot do by
itself, because it would have to wait for it or because the store's reply is not as expected, raises `LeftToThread`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from redis import Redis

from runner.logins.ended_logins import EndedLoginCheck
from runner.logs import line_ids
from runner.queues.order_lists import OrderDraft
from runner.queues.status_jobs import DueDrainer, StatusQueue, new_run_id
from runner.status.cache import ClaimResult, StatusCache, parse_claim
from runner.status.cache_scripts import PEEK
from runner.status.returns.return_moments import ReturnMoments
from runner.status.status_body import Status
from runner.status.status_request import ResolvedRequest
from runner.status.waiting_slots import WaitingSlots
from runner.store.loop_connection import LoopConnection
from runner.store.lua_scripts import ScriptCall
from runner.store.reply_queue import is_error, packed

from .claim_answers import ClaimAnswers
from .status_asking import Claiming

Value = TypeVar("Value")

#: The command by which the store knows the script that reads a cached status.
PEEKING: Final = ("SCRIPT", "LOAD", PEEK)
#: Threads for what RQ and the store's client do, which is rare: a job for a drainer, the length of the queue once a second.
THREADS: Final = 4


class LeftToThread(Exception):
    """The loop cannot go on with a request; a thread answers it from the beginning."""


class LoopWaiter:
    """A request that waits in a loop for the end of a run. Any thread may wake it."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._told: bytes | None = None
        self._waiting: asyncio.Future[None] | None = None

    def wake(self, told: bytes = b"") -> None:
        """Let it go on. `told` is as in `StatusWaiter`."""
        if threading.get_ident() == self._thread:
            self._wake(told)
        elif not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, told)

    async def ended(self, seconds: float) -> bytes | None:
        """Wait for the next end of a run, and return what was told of it; None if none came in time."""
        if self._told is None:
            self._waiting = self._loop.create_future()
            timer = self._loop.call_later(seconds, _settle, self._waiting)
            try:
                await self._waiting
            finally:
                timer.cancel()
                self._waiting = None
        told, self._told = self._told, None
        return told

    def _wake(self, told: bytes) -> None:
        self._told = told
        if self._waiting:
            _settle(self._waiting)


class LoopAccess:
    """Used by one event loop only. `slots` bounds how many requests may wait in it."""

    def __init__(
        self,
        redis: Redis,
        *,
        cache: StatusCache,
        queue: StatusQueue,
        answers: ClaimAnswers,
        slots: WaitingSlots,
    ) -> None:
        self._cache = cache
        self._returns = ReturnMoments(redis)
        scripts = (*cache.claim_scripts, self._returns.script)
        self._connection = LoopConnection(redis, first=(PEEKING, *(each.load_command for each in scripts)))
        self._queue = queue
        self._answers = answers
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="for the loop")
        self.slots = slots

    def close(self) -> None:
        """Close the connection. What a thread still does ends by itself."""
        self._connection.close()
        self._threads.shutdown(wait=False)

    async def reply(self, *words: Any) -> Any:
        """Return the store's reply to a command: None if there is no connection, and errors as values."""
        asked = self._connection.ask(packed(*words))
        found = await asked if asked else None
        if is_error(found, "NOSCRIPT"):
            self._connection.drop()  # the next connection loads it again
        return found

    def new_waiter(self) -> LoopWaiter:
        """Return a waiter that is a future."""
        return LoopWaiter()

    async def to_end(self, work: Coroutine[Any, Any, Value]) -> Value:
        """Let work go on to its end, also if the server cancels the request because its client has gone."""
        return await asyncio.shield(work)

    async def claim_after_return(self, claiming: Claiming) -> ClaimResult | None:
        """Claim, or return None: a thread would tell the return again, which would be another one by then, with another run."""
        try:
            return await self.to_end(claiming)
        except LeftToThread:
            return None

    async def login_ended(self, login_check: EndedLoginCheck) -> bool:
        """Say whether a login has ended. Raises `LeftToThread`."""
        reply = await self.reply(*login_check.command)
        if reply not in {0, 1}:
            raise LeftToThread
        return bool(reply)

    async def claim(self, resolved: ResolvedRequest, order: OrderDraft) -> ClaimResult:
        """Claim in one round trip. Raises `LoginEnded`, `UnreadableEntry` and `LeftToThread`."""
        login_check = resolved.login_check
        return await self._claimed(
            self._cache.claim_call(resolved.key, new_run_id(), order=order, login_check=login_check)
        )

    async def returned(self, resolved: ResolvedRequest, order: OrderDraft) -> ClaimResult:
        """Note the moment of a return, which outlives what is cached, and then the return. Raises as `claim`."""
        await self._note(resolved)
        return await self._claimed(self._cache.returned_call(resolved.key, new_run_id(), order=order))

    async def returned_hidden(self, resolved: ResolvedRequest) -> None:
        """Note a return, and free the run that was claimed by it. Raises as `claim`."""
        token = new_run_id()
        await self._note(resolved)
        await self._claimed(self._cache.returned_call(resolved.key, token))
        await self.reply(*self._cache.free_call(resolved.key, token).command)

    async def enqueue(self, due: DueDrainer) -> None:
        """Queue the job of a drainer, in a thread. Raises what the client of the store raises."""
        await self._in_thread(partial(self._queue.enqueue, due))

    async def answer(self, resolved: ResolvedRequest, claimed: ClaimResult, waited_s: float) -> Status:
        """Return the status that a claim has found. Raises what the client of the store raises."""
        make = partial(self._answers.status, resolved, claimed, waited_s)
        return await self._in_thread(make) if self._answers.reads_store(resolved, claimed) else make()

    async def _note(self, resolved: ResolvedRequest) -> None:
        call = self._returns.note_call(resolved.implementation.slug, resolved.user, resolved.session)
        if await self.reply(*call.command) != 1:
            raise LeftToThread

    async def _claimed(self, call: ScriptCall) -> ClaimResult:
        return parse_claim(_list(await self.reply(*call.command)))

    async def _in_thread(self, work: Callable[[], Value]) -> Value:
        """Let one of a few threads do what waits. Its log lines carry an id, as those of any request."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, _with_id, work)


def _with_id(work: Callable[[], Value]) -> Value:
    with line_ids.of_request(line_ids.new_request_id()):
        return work()


def _list(reply: Any) -> list[Any]:
    if not isinstance(reply, list):
        raise LeftToThread
    return reply


def _settle(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
