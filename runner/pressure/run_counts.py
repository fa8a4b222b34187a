"""How many runs have ended and how long they took: counted in each worker, added up in the store.

Workers only ever add, so that their clocks do not matter and any number of them may count. Readers compare two readings.
A counter that is no number, because someone wrote into the store, is deleted, and counting begins again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any, Final, cast

from redis import Redis
from redis.exceptions import ResponseError

from .run_pace import RunTotals

#: Implementations of which a run has ended in the last minute.
BUSY: Final = "st:pace:busy"
BUSY_S: Final = 60
#: Seconds for which the counters of an implementation are kept after its last run.
KEPT_S: Final = 3600
#: Implementations that are looked at together: a store may contain anything.
MOST_BUSY: Final = 500
#: The longest number that is believed.
_DIGITS: Final = 15

log = logging.getLogger(__name__)


def key_of(implementation: str) -> str:
    """Return the key of the counters of an implementation."""
    return f"st:pace:{{{implementation}}}"


class RunCounter:
    """Counts the runs that end in this process. Thread-safe; a run costs no round trip."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._lock = threading.Lock()
        self._counts: dict[str, tuple[int, float]] = {}

    def note(self, implementation: str, seconds: float) -> None:
        """Count a run that has ended after so many seconds."""
        with self._lock:
            ended, busy = self._counts.get(implementation, (0, 0.0))
            self._counts[implementation] = (ended + 1, busy + seconds)

    def flush(self) -> None:
        """Add to the store what was counted since the last time. What a store that is away misses is not counted.

        Raises what the client raises.
        """
        with self._lock:
            counts, self._counts = self._counts, {}
        if not counts:
            return
        with self._redis.pipeline(transaction=False) as pipe:
            for implementation, (ended, busy_s) in counts.items():
                key = key_of(implementation)
                pipe.hincrby(key, "ended", ended)
                pipe.hincrby(key, "busy_ms", round(busy_s * 1000))
                pipe.expire(key, KEPT_S)
            pipe.sadd(BUSY, *counts)
            pipe.expire(BUSY, BUSY_S)
            replies = pipe.execute(raise_on_error=False)
        self._repair(list(counts), replies)

    def _repair(self, counted: Sequence[str], replies: list[Any]) -> None:
        """Delete what cannot be counted up. Raises any other error."""
        for at, key in enumerate([*map(key_of, counted), BUSY]):
            error = next((one for one in replies[at * 3 : at * 3 + 3] if isinstance(one, Exception)), None)
            if error is None:
                continue
            if not isinstance(error, ResponseError):
                raise error
            log.error("unreadable counter deleted key=%s", key)
            self._redis.delete(key)


def read_totals(redis: Redis, implementation: str) -> RunTotals | None:
    """Return the counters of an implementation; None if there are none that can be believed. Raises what the client raises."""
    try:
        found = cast("list[bytes | None]", redis.hmget(key_of(implementation), ["ended", "busy_ms"]))
    except ResponseError:  # it holds something else, which the next count of a worker deletes
        return None
    ended, busy_ms = (_whole(each) for each in found)
    return None if ended is None or busy_ms is None else RunTotals(ended, busy_ms)


def busy_implementations(redis: Redis) -> tuple[str, ...]:
    """Return the implementations of which runs have ended in the last minute. Raises what the client raises."""
    try:
        found = cast("list[bytes]", redis.srandmember(BUSY, MOST_BUSY))
    except ResponseError:
        return ()
    return tuple(sorted(each.decode(errors="replace") for each in found))


def _whole(raw: bytes | None) -> int | None:
    return int(raw) if raw and len(raw) <= _DIGITS and raw.isdigit() else None
