"""Token buckets in the memory of one process, cheap enough for the path that every attendee's request takes.

A look costs well under a microsecond: no lock, no round trip. Two threads that look at the same bucket at the same moment may
count once instead of twice. Memory is bounded: buckets are kept in two generations, and when the newer one has lasted for
as long as a bucket needs to fill, or has too many buckets, the older one is dropped.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable

#: Seconds that are no wait: a sum of times is off by less.
ROUNDING_S = 1e-6
#: Buckets of one generation.
MOST = 50_000


class TokenBuckets:
    """Buckets by key, each with `allowance` tokens at most, to which one is added every `seconds_each`."""

    def __init__(
        self, *, allowance: int, seconds_each: float, most: int = MOST, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._each = seconds_each
        self._spare = (allowance - 1) * seconds_each
        self._lasts = allowance * seconds_each
        self._most = most
        self._clock = clock
        self._lock = threading.Lock()
        #: key -> when its bucket will be full again
        self._newer: dict[Hashable, float] = {}
        self._older: dict[Hashable, float] = {}
        self._turn_at = clock() + self._lasts

    def take(self, key: Hashable) -> float:
        """Take a token and return 0, or the seconds after which there will be one."""
        now = self._clock()
        if now >= self._turn_at or len(self._newer) >= self._most:
            self._turn(now)
        wait = self._wait(key, now)
        if not wait:
            self._newer[key] = self._full_at(key, now) + self._each
        return wait

    def give_back(self, key: Hashable) -> None:
        """Undo a `take` that gave a token."""
        for buckets in (self._newer, self._older):
            full_at = buckets.get(key)
            if full_at is not None:
                buckets[key] = full_at - self._each
                return

    def wait(self, key: Hashable) -> float:
        """Return what `take` would, and take nothing."""
        return self._wait(key, self._clock())

    def clear(self) -> None:
        """Fill all buckets."""
        self._newer, self._older = {}, {}

    def _wait(self, key: Hashable, now: float) -> float:
        too_early = self._full_at(key, now) - now - self._spare
        return too_early if too_early > ROUNDING_S else 0.0

    def _full_at(self, key: Hashable, now: float) -> float:
        full_at = self._newer.get(key)
        if full_at is None:
            full_at = self._older.get(key, now)
        return max(now, full_at)

    def _turn(self, now: float) -> None:
        """Begin a new generation. Buckets that are dropped are full, unless there are too many."""
        with self._lock:
            if now >= self._turn_at or len(self._newer) >= self._most:
                self._newer, self._older = {}, self._newer
                self._turn_at = now + self._lasts
