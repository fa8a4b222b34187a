"""The points of curves: when people arrived, and how many were in the room. Pure functions; where they are drawn is not known here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from records.attendance.minutes import Presence

#: Lengths of a step, in minutes.
_STEPS: Final = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440)
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Timeline:
    """The steps of a curve: `count` of them, one after the other, each as long as `step`."""

    begins: datetime
    step: timedelta
    count: int

    @property
    def ends(self) -> datetime:
        """The end of the last step."""
        return self.begins + self.count * self.step

    @property
    def starts(self) -> list[datetime]:
        """The beginning of each step."""
        return [self.begins + number * self.step for number in range(self.count)]

    def place(self, at: datetime) -> int:
        """Return the step of a moment; one before all steps is in the first, one after all in the last."""
        return max(0, min((at - self.begins) // self.step, self.count - 1))


def timeline(begins: datetime, ends: datetime, *, most: int) -> Timeline:
    """Return the finest steps that cover a time with at most `most` of them, on full minutes since its beginning."""
    length = max(ends - begins, _MINUTE)
    minutes = next((each for each in _STEPS if -(-length // (each * _MINUTE)) <= most), None)
    if minutes is None:
        days = -(-length // (most * 1440 * _MINUTE))
        minutes = days * 1440
    step = minutes * _MINUTE
    return Timeline(begins, step, -(-length // step))


def arrivals(moments: Iterable[datetime], line: Timeline) -> tuple[int, ...]:
    """Count moments by step; earlier ones are in the first, later ones in the last."""
    counts = [0] * line.count
    for at in moments:
        counts[line.place(at)] += 1
    return tuple(counts)


def most_in_room(presences: Iterable[Presence], line: Timeline) -> tuple[int, ...]:
    """Return for each step how many were in the room at once, at most. A presence does not include its end."""
    changes = sorted(_changes(presences))
    most, present, place = [0] * line.count, 0, 0
    for number, begins in enumerate(line.starts):
        while place < len(changes) and changes[place][0] <= begins:
            present += changes[place][1]
            place += 1
        most[number] = present
        while place < len(changes) and changes[place][0] < begins + line.step:
            present += changes[place][1]
            place += 1
            most[number] = max(most[number], present)
    return tuple(most)


def peak(presences: Iterable[Presence]) -> tuple[int, datetime | None]:
    """Return the most people that were in the room at once, and since when for the first time."""
    highest: tuple[int, datetime | None] = (0, None)
    present = 0
    for at, change in sorted(_changes(presences)):
        present += change
        highest = (present, at) if present > highest[0] else highest
    return highest


def until(presences: Iterable[Presence], now: datetime) -> list[Presence]:
    """Return what of presences lies before a moment."""
    return [Presence(each.begins, min(each.ends, now)) for each in presences if each.begins < now]


def _changes(presences: Iterable[Presence]) -> Sequence[tuple[datetime, int]]:
    """Return when somebody comes (1) and goes (-1); at the same moment, who goes is first in order."""
    return [change for each in presences for change in ((each.begins, 1), (each.ends, -1))]
