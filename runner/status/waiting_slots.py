"""How many requests of a process may wait for a first answer: fewer than it has threads, and not all of one implementation.

Otherwise the people of a vendor that takes seconds would hold every place, and those of a quick vendor could not wait at all.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class WaitingSlots:
    """`most` places. An implementation gets at most three quarters of those that the others leave. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    @contextmanager
    def taken_for(self, implementation: str) -> Iterator[bool]:
        """Take a place meanwhile; the value is False if there is none."""
        has_place = self._take(implementation)
        try:
            yield has_place
        finally:
            if has_place:
                self._give_back(implementation)

    def _take(self, implementation: str) -> bool:
        with self._lock:
            own = self._taken[implementation]
            left_by_others = self._most - (self._taken.total() - own)
            if 4 * own >= 3 * left_by_others:
                return False
            self._taken[implementation] += 1
            return True

    def _give_back(self, implementation: str) -> None:
        with self._lock:
            self._taken[implementation] -= 1
            if not self._taken[implementation]:
                del self._taken[implementation]
