"""Gives requests a thread in turn, and forgets those whose clients leave while they wait for one.

Nothing takes a request back out of a queue of threads. So a client that sends requests and hangs up after each would
leave work for nobody there, faster than threads can do it: 5,000, sent within a second, kept everybody waiting for 12.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class ThreadSlots:
    """How many threads are free. For one event loop."""

    def __init__(self, number: int) -> None:
        self._free = asyncio.Semaphore(number)

    async def take(self, client_leaves: Callable[[], Awaitable[None]]) -> bool:
        """Wait for a thread; say False, with none taken, if the client leaves before there is one."""
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
            if not taken and not turn.cancel():  # it has just come
                self._free.release()
        return taken

    def give_back(self) -> None:
        """Give back a thread that was taken."""
        self._free.release()
