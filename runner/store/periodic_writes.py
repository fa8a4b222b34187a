"""Writes counts to the store again and again, in one thread: what is counted must cost no run a round trip.

A writer keeps what it counts in memory until it is called. What a store that is away misses is lost: a rate that is a
second old helps no one.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from redis.exceptions import RedisError

from .clients import AWAY

#: Seconds between two writes. Readers compare readings a second apart, so several writes lie between them.
EVERY_S = 0.25

log = logging.getLogger(__name__)


class PeriodicWrites:
    """`writes` raise what their client raises, and an outage is reported by the client."""

    def __init__(self, *writes: Callable[[], None], every_s: float = EVERY_S) -> None:
        self._writes = writes
        self._every_s = every_s
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name="counts", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread, and write once more."""
        self._closed.set()
        if self._thread:
            self._thread.join(5)
        self.write()

    def write(self) -> None:
        """Call each writer. One that fails keeps no other from writing."""
        for each in self._writes:
            try:
                each()
            except AWAY:  # the client has reported the outage
                log.debug("counts not written")
            except RedisError:
                log.exception("counts not written")

    def _run(self) -> None:
        while not self._closed.wait(self._every_s):
            self.write()
