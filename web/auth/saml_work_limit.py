"""The work limit: how much of a process's time all posted SAML messages together may take.

Other requests have to wait while a message is checked. The steps for each message:

1. Only one message is checked at a time. The next few wait for a moment; further ones are refused at once.
2. After a refused message, no message is checked for three times as long as that one took, but for one second at most: if
   it took longer, the cause was the machine or the store, not the message. So refused messages, from any number of
   addresses, take at most a quarter of a process. Accepted messages cause no pause.
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
#: The pause after a refused message, as a multiple of the time that it took.
REST: Final = 3
LONGEST_REST_S: Final = 1.0
#: Seconds after which the sender may try again.
RETRY_AFTER_S: Final = 2


class TooMuchWork(Exception):
    """The process may not check another message now. The sender may try again in a few seconds."""


@dataclass
class Work:
    """One message that is being checked."""

    accepted: bool = False  #: set when the message is accepted; until then it counts as refused


class WorkLimit:
    """The limit of one process. Thread-safe. `clock` gives seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._busy = False
        self._waiting = 0
        self._rests_until = 0.0

    @contextmanager
    def checking(self) -> Iterator[Work]:
        """Hold the limit while a message is checked. Raises `TooMuchWork`."""
        self._enter()  # 1
        began, work = self._clock(), Work()
        try:
            yield work
        finally:
            now = self._clock()
            with self._changed:
                self._busy = False
                if not work.accepted:  # 2
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
