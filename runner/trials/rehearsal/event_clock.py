"""What happens when during an event: the runs and the calls of a rehearsal by the clock of the event."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from .situations import Situation

#: Seconds that are counted together first, and how many rows of a table there are at most.
SLOT_S: Final = 300
MOST_ROWS: Final = 48
#: Minutes that a row of the table may be long; beyond the last, whole multiples of it.
_WIDTHS: Final = (5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)

#: A session at one of the moments: all who look at it then may do so at the same time.
_Look = tuple[str, str]


@dataclass
class EventClock:
    """Counts by time. How a run ended is "shown", "hidden" or "failed"."""

    _slots: dict[int, Counter[str]] = field(default_factory=dict)
    _calls: dict[str, Counter[_Look]] = field(default_factory=dict)
    _slot_of: dict[_Look, int] = field(default_factory=dict)
    _by_moment: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, situation: Situation, ended: str, connections: Sequence[str]) -> None:
        """Count one run, and the connections that it called."""
        look = (situation.session, situation.when)
        if look not in self._slot_of:
            self._slot_of[look] = int(datetime.fromisoformat(situation.given.now).timestamp()) // SLOT_S
        slot = self._slots.setdefault(self._slot_of[look], Counter())
        for counter in (slot, self._by_moment.setdefault(situation.when, Counter())):
            counter["runs"] += 1
            counter[ended] += 1
        for name in connections:
            self._calls.setdefault(name, Counter())[look] += 1

    def load(self, rates: Mapping[str, float | None], *, share: float = 1.0) -> list[dict[str, Any]]:
        """Return the load on each connection, the most called first.

        `at_once` are the calls if all who look at one session at one moment do so at the same time. `share` of all situations
        were run; `at_once` is estimated for all.
        """
        found = []
        for name, calls in sorted(self._calls.items(), key=lambda one: -one[1].total()):
            at_once, rate = math.ceil(max(calls.values()) / share), rates.get(name)
            seconds = round(at_once / rate, 1) if rate else None
            found.append(
                {
                    "connection": name,
                    "calls": calls.total(),
                    "at_once": at_once,
                    "rate_per_s": rate,
                    "seconds_at_rate": seconds,
                }
            )
        return found

    def moments(self) -> dict[str, dict[str, int]]:
        """Return the counts of each moment."""
        return {when: _counts(found) for when, found in self._by_moment.items()}

    def rows(self, *, share: float = 1.0) -> list[dict[str, Any]]:
        """Return at most `MOST_ROWS` rows, the earliest first, each with its counts and calls; empty ones included."""
        if not self._slots:
            return []
        first, last = min(self._slots), max(self._slots)
        width = _width(last - first + 1)
        begin = first // width * width
        return [self._row(slot, width, share) for slot in range(begin, last + 1, width)]

    def _row(self, begin: int, width: int, share: float) -> dict[str, Any]:
        within = range(begin, begin + width)
        counts: Counter[str] = Counter()
        for slot in within:
            counts.update(self._slots.get(slot, Counter()))
        calls, at_once = {}, {}
        for name, looks in self._calls.items():
            mine = [count for look, count in looks.items() if self._slot_of[look] in within]
            calls[name] = sum(mine)
            at_once[name] = math.ceil(max(mine, default=0) / share)
        stamps = (datetime.fromtimestamp(slot * SLOT_S, UTC).isoformat() for slot in (begin, begin + width))
        return (
            dict(zip(("from", "until"), stamps, strict=True)) | _counts(counts) | {"calls": calls, "at_once": at_once}
        )


def _width(slots: int) -> int:
    """Return how many slots a row has."""
    each = [minutes * 60 // SLOT_S for minutes in _WIDTHS]
    # One row more than wanted may be needed, because rows begin at whole multiples.
    return next(
        (width for width in each if slots <= width * (MOST_ROWS - 1)),
        -(-slots // (each[-1] * (MOST_ROWS - 1))) * each[-1],
    )


def _counts(found: Mapping[str, int]) -> dict[str, int]:
    return {name: found.get(name, 0) for name in ("runs", "shown", "hidden", "failed")}
