"""`calendar.monthrange` and `isleap` for scripts: plain numbers, without the module's settings of language and weekdays."""

from __future__ import annotations

import datetime as dt

_DECEMBER = 12


def monthrange(year: int, month: int) -> tuple[int, int]:
    """The weekday of the first day of a month, Monday is 0, and the number of its days."""
    if type(year) is not int or type(month) is not int:
        raise TypeError("calendar.monthrange(year, month): both must be whole numbers")
    first = dt.date(year, month, 1)
    if month == _DECEMBER:
        return first.weekday(), 31
    return first.weekday(), (dt.date(year, month + 1, 1) - first).days


def isleap(year: int) -> bool:
    """Whether a year has a 29th of February."""
    if type(year) is not int:
        raise TypeError("calendar.isleap(year): the year must be a whole number")
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
