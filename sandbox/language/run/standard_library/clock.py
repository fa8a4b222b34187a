"""The clock functions of `datetime` for one run: the clock stands still at the run's `now`.

A run can be repeated with the same outcome only if scripts can read no other clock. Local time is UTC.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any


def clock_functions(now: dt.datetime) -> Mapping[str, Callable[..., Any]]:
    """Replacements for the functions that read the machine's clock, by their names in the module."""
    now = now.astimezone(dt.UTC)
    naive = now.replace(tzinfo=None)

    def datetime_now(tz: dt.tzinfo | None = None) -> dt.datetime:
        return naive if tz is None else now.astimezone(tz)

    def today() -> dt.date:
        return naive.date()

    return MappingProxyType(
        {
            "datetime.now": datetime_now,
            "datetime.today": lambda: naive,
            "datetime.utcnow": lambda: naive,
            "date.today": today,
            "datetime.fromtimestamp": _from_timestamp,
            "datetime.utcfromtimestamp": _from_utc_timestamp,
        }
    )


def _from_utc_timestamp(timestamp: float) -> dt.datetime:
    return _from_timestamp(timestamp)


def _from_timestamp(timestamp: float, tz: dt.tzinfo | None = None) -> dt.datetime:
    moment = dt.datetime.fromtimestamp(timestamp, dt.UTC)
    return moment.replace(tzinfo=None) if tz is None else moment.astimezone(tz)
