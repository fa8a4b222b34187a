"""Assigns threads to requests in turn, and drops requests whose clients disconnect while they wait.

A request cannot be removed from the queue of a thread pool. So a client that sends requests and disconnects after each
could add useless work faster than threads can do it: 5,000 requests in a second delayed all others by 12 seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class ThreadSlots:
    """The number of free threads, for one event loop."""

    def __init__(self, number: int) -> None:
        self._free = asyncio.Semaphore(number)

    async def take(self, client_leaves: Callable[[], Awaitable[None]]) -> bool:
        """Wait for a thread; return False, without taking one, if the client disconnects first."""
        if not self._free.locked():
            return await self._free.acquire()
        turn = asyncio.ensure_future(self._free.acquire())
        gone = asyncio.ensure_future(client_leaves())
        taken = False
        try:
            await asyncio.wait((turn, gone), return_when=asyncio.FIRST_COMPLETED)
            taken = turn.done() and not gone.done()
        finally:
            gone.cancel()
            if not taken and not turn.cancel():  # it was acquired in the meantime
                self._free.release()
        return taken

    def give_back(self) -> None:
        """Release a thread."""
        self._free.release()
