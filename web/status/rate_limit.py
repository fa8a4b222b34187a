"""How often one user may report a return.

A return costs the user one tap, but starts a run that asks the vendor. So each user has a small allowance for each session.
It is counted in this process, without a round trip; the total limit is the allowance times the number of processes.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

#: Most returns at once, and the seconds after which one more is allowed.
ALLOWANCE = 6
SECONDS_EACH = 5.0

#: Most users that are remembered; the least recent one is forgotten first.
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
        #: key -> when its bucket will be full again
        self._full_at: OrderedDict[Hashable, float] = OrderedDict()

    def wait_for(self, key: Hashable) -> float:
        """Count a return; return 0, or the seconds after which it would be allowed."""
        with self._lock:
            now = self._clock()
            full_at = max(self._full_at.pop(key, now), now)
            too_early = full_at - now - (self._allowance - 1) * self._seconds_each
            self._full_at[key] = full_at if too_early > 0 else full_at + self._seconds_each
            if len(self._full_at) > REMEMBERED:
                self._full_at.popitem(last=False)
        return max(too_early, 0.0)
