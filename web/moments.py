"""Moments as people write them: a date, a time in the conference's zone, or how long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_AGO = re.compile(r"(\d{1,5})\s*(m|h|d)", re.IGNORECASE)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


def moment(text: str, zone: str, now: datetime) -> datetime:
    """Return the moment in UTC: `30m`, `2h` and `3d` are ago, a time without an offset is in `zone`. Raises ValueError."""
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return now - int(ago[1]) * _UNITS[ago[2].lower()]
        found = datetime.fromisoformat(text.strip())
        return (found if found.tzinfo else found.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("must be a time such as 2026-05-04T14:00, or how long ago, such as 30m, 2h or 3d") from None
