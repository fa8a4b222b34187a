"""How much waits at this moment, as one process sees it: when to ask again, and whether a run may start.

While people wait, work is left out in this order: refreshes, prefetches, rehearsals and replays, and at last the runs that
people wait for, because an order that begins after they have lost patience helps no one. Each has a limit of its own: the
seconds that a run which is ordered now would wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from types import MappingProxyType
from typing import Final

from redis import Redis

from runner.queues import run_causes
from runner.queues.backlog import Backlog, read_backlog

from .run_counts import busy_implementations, read_totals
from .run_pace import RunPace, RunTotals, ask_again_s

#: Seconds between two readings of one implementation.
READ_S: Final = 1.0
#: Seconds after which a reading no longer keeps a run from starting.
HOLDS_S: Final = 5.0

#: Work that competes with runs for the machine, but is no run of the queue.
REHEARSAL: Final = "rehearsal"
#: Cause of a run -> for how many seconds a run may have to wait while such a run is still started.
STARTS_BELOW_S: Final = MappingProxyType(
    {
        run_causes.REFRESH: 1.0,
        run_causes.PREFETCH: 2.0,
        REHEARSAL: 3.0,
        run_causes.FIRST_LOOK: 30.0,
        run_causes.RETURN: 30.0,
        run_causes.STATUS_GET: 30.0,
    }
)
#: Assumed where nothing else is known: how many runs of an implementation can be in flight.
USUAL_PLACES: Final = 12
#: Causes that give way to the runs of all implementations, because they compete for the machine and not for a place only.
OF_ALL: Final = frozenset({run_causes.PREFETCH, REHEARSAL})


class _Reading:
    """The last reading of one implementation."""

    __slots__ = ("at", "backlog", "pace")

    def __init__(self, places: int) -> None:
        self.at = float("-inf")
        self.backlog = Backlog(0, 0)
        self.pace = RunPace(places)


class LiveLoad:
    """Thread-safe, one for each process. `read` gives the counters of an implementation, `backlog` its orders."""

    def __init__(
        self,
        read: Callable[[str], RunTotals | None],
        backlog: Callable[[str], Backlog],
        *,
        busy: Callable[[], tuple[str, ...]] = tuple,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._backlog = backlog
        self._busy = busy
        self._clock = clock
        self._readings: dict[str, _Reading] = {}

    @classmethod
    def of_store(cls, redis: Redis) -> LiveLoad:
        """Return the load as the store tells it."""
        return cls(partial(read_totals, redis), partial(read_backlog, redis), busy=partial(busy_implementations, redis))

    def ask_again_s(
        self, implementation: str, places: int, *, returned: bool, in_front: int = -1, waited_s: float = 0.0
    ) -> int:
        """Return the seconds after which a client should ask again whose run waits. Reads the store once a second at most.

        `in_front` is how many orders waited before its own when it was placed, `waited_s` ago; -1: it is not known, and taken for
        all that wait. Raises what the client of the store raises.
        """
        reading = self._fresh(implementation, places)
        wait_s = _wait_s(reading, returned=returned) if in_front < 0 else reading.pace.wait_s(in_front) - waited_s
        return ask_again_s(reading.pace.run_s + max(0.0, wait_s))

    def is_read(self, implementation: str) -> bool:
        """Say whether the last reading is young enough, so that `ask_again_s` would not read the store."""
        reading = self._readings.get(implementation)
        return reading is not None and self._clock() - reading.at < READ_S

    def starts(self, cause: str, implementation: str) -> bool:
        """Say whether a run may start, by the last reading: no round trip. Without a recent one it may."""
        reading = self._readings.get(implementation)
        if reading is None or self._clock() - reading.at > HOLDS_S:
            return True
        return _wait_s(reading, returned=cause == run_causes.RETURN) <= STARTS_BELOW_S[cause]

    def may_start(self, cause: str, implementation: str) -> bool:
        """Say whether work may start that no user waits for, after a look at the store.

        Raises what the client of the store raises.
        """
        for each in {implementation, *(self._busy() if cause in OF_ALL else ())}:
            self._fresh(each)
            if not self.starts(cause, each):
                return False
        return True

    def _fresh(self, implementation: str, places: int = USUAL_PLACES) -> _Reading:
        """Return a reading that is at most a second old. Threads that come together read once."""
        reading = self._readings.get(implementation)
        if reading is None:
            reading = self._readings.setdefault(implementation, _Reading(places))
        now = self._clock()
        if now - reading.at >= READ_S:
            reading.at = now
            reading.backlog = self._backlog(implementation)
            reading.pace.note(self._read(implementation), sum(reading.backlog), now)
        return reading


def _wait_s(reading: _Reading, *, returned: bool) -> float:
    """Return how long a run would wait that is ordered now."""
    waiting = reading.backlog.returned if returned else sum(reading.backlog)
    return reading.pace.wait_s(waiting)
