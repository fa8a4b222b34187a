"""The rate at which the runs of one implementation end, and the seconds after which it is worth asking again.

Pure arithmetic over readings of counters, so that it can be simulated. The time of a reading is the monotonic clock of the
process that reads: no clock of another machine and no clock that is set takes part.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import Final

#: Assumed before any run has ended: seconds of a run.
FIRST_RUN_S: Final = 0.25
#: Bounds of what is believed: a store may contain anything.
LONGEST_RUN_S: Final = 60.0
LEAST_PER_S, MOST_PER_S = 0.1, 2000.0
#: Seconds after which an earlier reading is too old: the queue may have been empty in between.
TOO_OLD_S: Final = 5.0
#: Orders that wait while the queue is full. Fewer may only be on their way to a worker.
FULL: Final = 5
#: Seconds for which a measured rate holds. After that, it is assumed as before it was measured.
HOLDS_S: Final = 60.0
#: Seconds in which a new measurement gains about two thirds of the weight.
MEMORY_S: Final = 2.0

#: However long a measurement took, it weighs as one of this many seconds: after a pause of the store or of a worker, the rate is
#: soon what it was before.
LONGEST_STEP_S: Final = 1.0

#: The longest wait that a client is told, in seconds, before it is spread. With the spread it stays below the patience of
#: the status cache (30 s), after which a client that was not seen counts as new.
LONGEST_S: Final = 20.0
#: A wait is made longer by up to this share, so that clients do not come back together. Never shorter: a client that comes
#: before its answer has to come twice.
SPREAD: Final = 0.4


@dataclass(frozen=True, slots=True)
class RunTotals:
    """How many runs of an implementation have ended since counting began, and how long they took together, in ms."""

    ended: int
    busy_ms: int


class RunPace:
    """What one process knows about the runs of one implementation, of which `places` can be in flight."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._measured: float | None = None
        self._measured_at = -math.inf
        self._run_s: float | None = None
        self._base: tuple[float, RunTotals, bool] | None = None  #: time, totals, whether the queue was full
        self._read_at = -math.inf

    @property
    def run_s(self) -> float:
        """The seconds that a run takes."""
        return FIRST_RUN_S if self._run_s is None else self._run_s

    @property
    def per_s(self) -> float:
        """How many runs a second can end. Before it was measured: as many as are in flight, in the time that one takes."""
        if self._measured is not None:
            return self._measured
        return bounded(self._places / max(self.run_s, 0.001), LEAST_PER_S, MOST_PER_S)

    def wait_s(self, waiting: int) -> float:
        """Return the seconds until a run begins before which `waiting` others wait."""
        return max(0, waiting) / self.per_s

    def note(self, totals: RunTotals | None, waiting: int, now: float) -> None:
        """Take a reading of the counters, and of how many runs wait, at `now` in monotonic seconds.

        Only while the queue is full is their rate that at which they can end; at other times it is a lower bound. If none has ended
        since the last reading, the time until the next reading counts together with this one: runs may be long.
        """
        recent = 0 <= now - self._read_at <= TOO_OLD_S
        self._read_at = now
        if not 0 <= now - self._measured_at <= HOLDS_S:
            self._measured = None
        if totals is None:
            self._base = None
            return
        full = waiting >= FULL
        if self._run_s is None and totals.ended > 0:  # the mean of all that were counted
            self._run_s = bounded(totals.busy_ms / totals.ended / 1000, 0.0, LONGEST_RUN_S)
        if self._base is None or not recent or totals.ended < self._base[1].ended:
            self._base = (now, totals, full)
            return
        began, before, was_full = self._base
        ended = totals.ended - before.ended
        if ended == 0:
            self._base = (began, before, was_full and full) if waiting else (now, totals, False)
            return
        self._learn(ended, totals.busy_ms - before.busy_ms, (began, now), full=was_full and full)
        self._base = (now, totals, full)

    def _learn(self, ended: int, busy_ms: int, times: tuple[float, float], *, full: bool) -> None:
        began, now = times
        seconds = now - began
        share = 1 - math.exp(-min(seconds, LONGEST_STEP_S) / MEMORY_S)
        run_s = bounded(busy_ms / ended / 1000, 0.0, LONGEST_RUN_S)
        self._run_s = run_s if self._run_s is None else self._run_s + share * (run_s - self._run_s)
        rate = bounded(ended / max(seconds, 0.001), LEAST_PER_S, MOST_PER_S)
        if full or rate > self.per_s:
            self._measured = rate if self._measured is None else self._measured + share * (rate - self._measured)
            self._measured_at = now


def ask_again_s(wait_s: float) -> int:
    """Return the whole seconds after which a client should ask again whose answer is expected after `wait_s`."""
    spread = 1 + SPREAD * random.random()  # noqa: S311 - spreads load, guards nothing
    return max(1, math.ceil(bounded(wait_s, 0.0, LONGEST_S) * spread))


def bounded(value: float, least: float, most: float) -> float:
    """Return the value within its bounds."""
    return min(max(value, least), most)
