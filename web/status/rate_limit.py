"""How often one user may say "I am back".

Each return starts a run and asks the vendor; a return costs a tap. So each user has a small allowance for a session,
counted in this process: what it lets through is bounded by processes times allowance, and needs no round trip.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

#: Returns in a row, and the seconds after which one more is earned.
ALLOWANCE = 6
SECONDS_EACH = 5.0

#: Users remembered; the one who came least recently is forgotten first.
REMEMBERED = 10_000


class ReturnRateLimit:
    """Token buckets by key. Thread-safe."""

    def __init__(
        self,
        *,
        allowance: int = ALLOWANCE,
        seconds_each: float = SECONDS_EACH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._allowance = allowance
        self._seconds_each = seconds_each
        self._clock = clock
        self._lock = threading.Lock()
        #: key -> the moment at which its bucket will be full again
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def wait_for(self, key: Hashable) -> float:
        """Count one; return 0, or the seconds after which it would be allowed."""
        with self._lock:
            now = self._clock()
            full_at = max(self._full_at.pop(key, now), now)
            too_early = full_at - now - (self._allowance - 1) * self._seconds_each
            self._full_at[key] = full_at if too_early > 0 else full_at + self._seconds_each
            if len(self._full_at) > REMEMBERED:
                self._full_at.popitem(last=False)
        return max(too_early, 0.0)
