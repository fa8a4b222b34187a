"""Times as people write them, and as pages and commands show them.

What concerns one implementation is shown in its time zone, which is the local time of the conference; what concerns all
of them is shown in UTC. Each page, and each output of a command, has one zone and names it once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from records import Implementation  # it loads the tables, which a command over HTTP does not need

_AGO = re.compile(r"(\d{1,5})\s*(m|h|d)", re.IGNORECASE)
_CLOCK = re.compile(r"\d{1,2}:\d{2}")
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def moment(text: str, zone: str, now: datetime) -> datetime:
    """Return the time in UTC. Raises ValueError.

    `30m`, `2h` and `3d` mean that long ago. A time without an offset is in `zone`. A time without a day is the most
    recent one.
    """
    ago = _AGO.fullmatch(text.strip())
    try:
        if _CLOCK.fullmatch(text.strip()):
            return _last(time.fromisoformat(text.strip().rjust(5, "0")), ZoneInfo(zone), now)
        if ago:
            return now - int(ago[1]) * _UNITS[ago[2].lower()]
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            "must be a time such as 14:00 or 2026-05-04T14:00, or how long ago, such as 30m, 2h or 3d"
        ) from None


def _last(clock_time: time, zone: ZoneInfo, now: datetime) -> datetime:
    """The most recent moment at which it was this time in the zone: today, or yesterday if it is still to come today."""
    today = datetime.combine(now.astimezone(zone).date(), clock_time, zone)
    found = today if today <= now else datetime.combine(today.date() - timedelta(days=1), clock_time, zone)
    return found.astimezone(UTC)


@dataclass(frozen=True)
class TimeFormatter:
    """Formats times in one zone, which the page or the heading of a table names."""

    zone: str = "UTC"

    @classmethod
    def of(cls, implementation: Implementation | None) -> TimeFormatter:
        """Return the formatter for an implementation; for None, which stands for all implementations, in UTC."""
        return cls(implementation.time_zone) if implementation else cls()

    def words(self, at: datetime, *, weekday: bool = False, seconds: bool = False, near: bool = False) -> str:
        """Format for reading: 23 Nov 2026, 10:00.

        `weekday` helps to notice a wrong date; `seconds` shows the order of events. `near`: without the day if it is today.
        """
        here = self._here(at)
        if near and here.date() == self._here(datetime.now(UTC)).date():
            return f"{here:%H:%M:%S}" if seconds else f"{here:%H:%M}"
        day = f"{here:%a %d %b %Y}" if weekday else f"{here:%d %b %Y}"
        return f"{day}, {here:%H:%M:%S}" if seconds else f"{day}, {here:%H:%M}"

    def digits(self, at: datetime) -> str:
        """Format to the second, for columns whose heading names the zone: 2026-11-23 10:00:00."""
        return f"{self._here(at):%Y-%m-%d %H:%M:%S}"

    def time_of_day(self, at: datetime) -> str:
        """Format without the day, where the day is shown beside it: 10:00:00."""
        return f"{self._here(at):%H:%M:%S}"

    def minute(self, at: datetime) -> str:
        """Format without day and seconds, for the axis of a chart: 10:00."""
        return f"{self._here(at):%H:%M}"

    def day(self, at: datetime) -> str:
        """Format the day alone, for the axis of a chart: 23 Nov."""
        return f"{self._here(at):%d %b}"

    def exact(self, at: datetime) -> str:
        """Format to the second with the zone: 2026-11-23 10:00:00 Europe/Berlin."""
        return f"{self.digits(at)} {self.zone}"

    def joined(self, parts: Iterable[str | datetime]) -> str:
        """Join a text that contains times, for example a reason; times are formatted to the second."""
        return "".join(part if isinstance(part, str) else self.digits(part) for part in parts)

    def _here(self, at: datetime) -> datetime:
        """Return the time in the zone; one at the end of the calendar, which a device may send, stays in UTC."""
        try:
            return at.astimezone(ZoneInfo(self.zone))
        except OverflowError:
            return at.astimezone(UTC)
