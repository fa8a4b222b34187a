"""The work limit: how much of a process all posted messages together may take, whoever sends them.

Every message is judged by Python and C code which others have to wait for. The steps for each:

1. One message is judged at a time. The next few wait for a moment; a longer queue is refused at once.
2. After a message that was refused, none is judged for three times as long as that one took, and never for more than a
   second: what took longer was not the message but a machine or a store that stood still. So strangers, from however
   many addresses, get at most a quarter of a process. Honest messages make nobody wait.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

#: Messages that may wait, and for how many seconds.
MOST_WAITING: Final = 8
LONGEST_WAIT_S: Final = 1.0
#: After a refused message, the limit rests for so many times what it took.
REST: Final = 3
LONGEST_REST_S: Final = 1.0
#: Seconds after which whoever was refused may come again.
RETRY_AFTER_S: Final = 2


class TooMuchWork(Exception):
    """The process has judged as many messages as it may at the moment. The sender may try again in seconds."""


@dataclass
class Work:
    """One message that is being judged."""

    believed: bool = False  #: to be set when it was; until then it counts as refused


class WorkLimit:
    """The limit of one process. Thread-safe. `clock` gives seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._busy = False
        self._waiting = 0
        self._rests_until = 0.0

    @contextmanager
    def judging(self) -> Iterator[Work]:
        """Hold the limit while a message is judged. Raises `TooMuchWork`."""
        self._enter()  # 1
        began, work = self._clock(), Work()
        try:
            yield work
        finally:
            now = self._clock()
            with self._changed:
                self._busy = False
                if not work.believed:  # 2
                    self._rests_until = now + min(REST * (now - began), LONGEST_REST_S)
                self._changed.notify()

    def _enter(self) -> None:
        with self._changed:
            if self._waiting >= MOST_WAITING:
                raise TooMuchWork
            self._waiting += 1
            try:
                self._wait()
                self._busy = True
            finally:
                self._waiting -= 1

    def _wait(self) -> None:
        latest = self._clock() + LONGEST_WAIT_S
        while self._busy or self._clock() < self._rests_until:
            now = self._clock()
            if now >= latest:
                raise TooMuchWork
            self._changed.wait(min(latest, latest if self._busy else self._rests_until) - now)
