"""Times as people and spreadsheets write them: with the year first, the month first, the day first, or as a number.

03/04/2026 is 3 April for one half of the world and 4 March for the other. This is never guessed: the other dates of the
file decide, or a person does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

#: The orders that a person may choose for a file's dates; with `auto`, the file decides.
AUTO, ISO, MONTH_FIRST, DAY_FIRST = "auto", "iso", "month-first", "day-first"
CHOICES = (AUTO, MONTH_FIRST, DAY_FIRST, ISO)
ORDER_WORDS = {
    MONTH_FIRST: "month first (7/15/2026)",
    DAY_FIRST: "day first (15/7/2026)",
    ISO: "year first (2026-07-15)",
}
EXPECTED = "must be a date with a time, such as 2026-07-15 09:00, 7/15/2026 9:00 AM or 15 July 2026 09:00"
_YEARS = range(1970, 2200)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905 - as people say them
_MONTH = (
    r"(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|"
    r"oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_CLOCK = (
    r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,6}))?)?)?"
    r" ?(?P<half>[ap]\.?m\.?)? ?(?P<offset>z|[+-]\d\d:?\d\d)?"
)
_DAYS = (
    r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
    r"(?P<a>\d{1,2})(?P<mark>[-/.])(?P<b>\d{1,2})(?P=mark)(?P<year>\d{4}|\d\d)",
    rf"{_MONTH} (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}})",
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?[ -]{_MONTH}[ ,-]? ?(?P<year>\d{{4}})",
)
_FLAGS = re.ASCII | re.IGNORECASE
_TIMES = tuple(re.compile(rf"{day}(?:t|,? (?:at )?){_CLOCK}", _FLAGS) for day in _DAYS)
_DATES = tuple(re.compile(day, _FLAGS) for day in _DAYS)
_ONLY_CLOCK = re.compile(_CLOCK, _FLAGS)
_SERIAL = re.compile(r"(\d{5})(?:[.,](\d{1,17}))?", re.ASCII)
_MINUTE = timedelta(minutes=1)
#: How far a number may be from a whole minute, because spreadsheets cut its decimals.
_SLACK = timedelta(seconds=1)
_TWELVE = 12


@dataclass(frozen=True)
class DateCell:
    """A cell with a time: its row, the heading of its column, its text."""

    row: int
    column: str
    text: str


@dataclass(frozen=True)
class DateOrder:
    """The order of day, month and year in a file's dates, and how it was found.

    `order` is empty if a person must choose: `open` is then a date that can be read in two ways, or `against` is a date
    that contradicts `because`.
    """

    order: str = ISO
    because: DateCell | None = None
    open: DateCell | None = None
    against: DateCell | None = None


@dataclass(frozen=True)
class TimeReading:
    """What is needed to read a cell: the order of numbers, the zone of times without an offset, day 0."""

    order: str
    zone: ZoneInfo
    epoch: datetime


def decide(choice: str, cells: Iterable[DateCell]) -> DateOrder:
    """Return how a file's dates are written: as the person says, or as shown by the dates that can be read in one way only."""
    if choice not in CHOICES:
        raise ValueError(f"must be one of: {', '.join(CHOICES)}")
    if choice != AUTO:
        return DateOrder(choice)
    found: dict[str, DateCell] = {}
    for cell in cells:
        found.setdefault(_says(cell.text), cell)
    month, day = found.get(MONTH_FIRST), found.get(DAY_FIRST)
    if month and day:
        return DateOrder("", because=min(month, day, key=_place), against=max(month, day, key=_place))
    if month or day:
        return DateOrder(MONTH_FIRST if month else DAY_FIRST, because=month or day)
    if AUTO in found:
        return DateOrder("", open=found[AUTO])
    return DateOrder()


def both_ways(text: str, zone: ZoneInfo) -> list[tuple[str, str]]:
    """Return how an open date reads in each order, in words with the weekday. An order in which it is no date is left out."""
    readings = []
    for order in (MONTH_FIRST, DAY_FIRST):
        try:
            found = _local(text, TimeReading(order, zone, datetime.min))  # noqa: DTZ901 - no number is read here
        except ValueError:
            continue
        readings.append((order, spoken(found)))
    return readings


def spoken(moment: datetime) -> str:
    """Return a time in words, such as Wednesday 15 July 2026, 09:00."""
    return f"{moment:%A} {moment.day} {moment:%B %Y, %H:%M}"


def moment(text: str, how: TimeReading) -> datetime:
    """Read a time. A time that the clocks skipped or showed twice is a fault, because a guess could be an hour wrong."""
    found = _local(text, how)
    if found.year not in _YEARS:
        raise ValueError(f"must be in the years {_YEARS[0]} to {_YEARS[-1]}")
    if found.tzinfo is not None:
        return found.astimezone(UTC)
    zone = how.zone
    local = found.replace(tzinfo=zone)
    if local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != found:
        raise ValueError(f"does not exist in {zone.key}: the clocks were put forward over it")
    if local.utcoffset() != local.replace(fold=1).utcoffset():
        raise ValueError(
            f"occurs twice in {zone.key}, because the clocks were put back: write which one is meant, "
            f"{local.isoformat(sep=' ', timespec='minutes')} or {local.replace(fold=1).isoformat(sep=' ', timespec='minutes')}"
        )
    return local.astimezone(UTC)


def _place(cell: DateCell) -> tuple[int, str]:
    return cell.row, cell.column


def _says(text: str) -> str:
    """Return the order that a date proves; AUTO if it can be read in two ways, "" if it shows nothing."""
    match = _TIMES[1].fullmatch(text) or _DATES[1].fullmatch(text)
    if match is None:
        return ""
    first, second, short = int(match["a"]), int(match["b"]), len(match["year"]) < 4  # digits of a year
    if second > _TWELVE:
        return MONTH_FIRST
    if first > _TWELVE and not short:  # 26/07/15 may begin with its year
        return DAY_FIRST
    return AUTO if first != second else ""


def _local(text: str, how: TimeReading) -> datetime:
    """Read a time as it is written: without a zone unless it has an offset."""
    serial = _SERIAL.fullmatch(text)
    if serial is not None:
        return _counted(serial, how.epoch)
    match = next(filter(None, (pattern.fullmatch(text) for pattern in _TIMES)), None)
    if match is None or (match["minute"] is None and match["half"] is None):
        raise ValueError(_why_not(text))
    parts = match.groupdict()
    try:
        year, month, day = _day(parts, how.order)
        clock = (_hour(parts), int(parts["minute"] or 0), int(parts["second"] or 0))
        fraction = int((parts["fraction"] or "").ljust(6, "0"))
        zone = datetime.fromisoformat(f"2000-01-01T00:00{parts['offset'].upper()}").tzinfo if parts["offset"] else None
        return datetime(year, month, day, *clock, fraction, tzinfo=zone)
    except ValueError:
        raise ValueError(_not_a_day(parts, how.order)) from None


def _day(parts: dict[str, str], order: str) -> tuple[int, int, int]:
    year = int(parts["year"]) + (2000 if len(parts["year"]) < 4 else 0)  # digits of a year
    if parts.get("name"):
        return year, _MONTHS.index(parts["name"][:3].lower()) + 1, int(parts["day"])
    if "a" not in parts:
        return year, int(parts["month"]), int(parts["day"])
    first, second = int(parts["a"]), int(parts["b"])
    if order == DAY_FIRST:
        return year, second, first
    if order == MONTH_FIRST or first == second:
        return year, first, second
    raise ValueError


def _hour(parts: dict[str, str]) -> int:
    hour = int(parts["hour"])
    if not parts["half"]:
        return hour
    if not 1 <= hour <= _TWELVE:
        raise ValueError
    return hour % _TWELVE + (_TWELVE if parts["half"][0] in "pP" else 0)


def _not_a_day(parts: dict[str, str], order: str) -> str:
    if "a" in parts and order in (MONTH_FIRST, DAY_FIRST):
        return f"is not a valid time if its date is read with the {order.partition('-')[0]} first"
    return "is not written with the year first" if "a" in parts else "is not a valid time"


def _why_not(text: str) -> str:
    if any(pattern.fullmatch(text) for pattern in _DATES):
        return "has a date without a time of day"
    if ":" in text and _ONLY_CLOCK.fullmatch(text):
        return "has a time of day without a date"
    return EXPECTED


def _counted(serial: re.Match[str], epoch: datetime) -> datetime:
    """Read the number of a day with a fraction, rounded to the nearest minute."""
    days, fraction = serial.groups()
    if fraction is None:
        raise ValueError("is the number of a day without a time of day: format the column as date and time")
    part = timedelta(microseconds=int(fraction) * 86_400_000_000 // 10 ** len(fraction))
    whole = (part + _MINUTE / 2) // _MINUTE * _MINUTE
    if abs(part - whole) > _SLACK:
        raise ValueError("is the number of a day whose time is not a whole minute: format the column as date and time")
    return epoch + timedelta(days=int(days)) + whole
