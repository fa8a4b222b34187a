"""The time of a scan, corrected by how wrong the clock of its device is.

A device says with each batch what time it has. The difference to our time is its skew; a small one is the way of the batch and
not the clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

#: A skew up to this is not corrected.
TOLERATED: Final = timedelta(seconds=5)


def skew(received_at: datetime, device_time: datetime) -> timedelta:
    """Return by how much the clock of a device was behind ours when its batch arrived; whole milliseconds."""
    behind = received_at - device_time
    return timedelta(milliseconds=behind // timedelta(milliseconds=1))


def corrected(scanned_at: datetime, measured: timedelta) -> datetime:
    """Return when a scan was made. Raises OverflowError for a time outside the calendar."""
    return scanned_at + measured if abs(measured) > TOLERATED else scanned_at
