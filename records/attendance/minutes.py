"""Minutes of a badge at a session: a pure function of its scans, computed anew each time.

The order in which scans arrived does not matter, and nothing here is stored, so a correction, a changed agenda or another
rule takes effect at once. Conflicts between sessions are in `conflicts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

IN: Final = "in"
OUT: Final = "out"
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class BadgeScan:
    """One scan of a badge at a session, in corrected time. `direction` is "in", "out" or ""."""

    id: str
    at: datetime
    direction: str = ""


@dataclass(frozen=True, slots=True)
class AttendanceRules:
    """The rules of an implementation. 0 for `minutes_needed` and `percent_needed`: not set."""

    repeat_seconds: int = 120
    early_minutes: int = 0
    late_minutes: int = 0
    minutes_needed: int = 0
    percent_needed: int = 0


@dataclass(frozen=True, slots=True)
class SessionRules:
    """When a session is held, and whether its scans have directions. `ends_at`: None if it is not known."""

    starts_at: datetime
    ends_at: datetime | None
    in_and_out: bool = False


@dataclass(frozen=True, slots=True)
class Presence:
    """An interval in which the person was there."""

    begins: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class BadgeAttendance:
    """What follows from the scans of one badge at one session.

    `minutes` and `attended` are None if the session's end is not known and they depend on it.
    """

    presences: tuple[Presence, ...]
    minutes: int | None
    attended: bool | None
    repeats: dict[str, str]  #: id of a repeat -> id of the scan that it repeats
    impossible: tuple[str, ...] = ()  #: ids of `out` scans without an `in` that they could end
    inside: bool = False  #: no `out` has followed the last `in`


def attendance(scans: Iterable[BadgeScan], session: SessionRules, rules: AttendanceRules) -> BadgeAttendance:
    """Compute the attendance of one badge at one session, from its scans without the voided ones.

    1. Scans are ordered by time, `out` before `in`, then by id. Without directions, all count as `in`.
    2. Repeats go.
    3. `in` and `out` open and close presences; what is open at the end closes at the session's end.
    4. Presences are clipped to the session, with its margins, and united; whole minutes are counted.
    """
    ordered = in_order(scans, session)  # 1.
    repeats = repeats_of(ordered, rules.repeat_seconds)  # 2.
    whole, opened, impossible = _presences([each for each in ordered if each.id not in repeats], session)  # 3.
    if session.ends_at is None:
        attended = _attended_without_end(bool(whole or opened), rules)
        return BadgeAttendance((), None, attended, repeats, impossible, opened is not None)
    if opened is not None:
        whole.append(Presence(opened, session.ends_at))
    presences = _clipped(whole, session.starts_at, session.ends_at, rules)  # 4.
    minutes = sum((each.ends - each.begins for each in presences), timedelta()) // _MINUTE
    attended = _attended(minutes, bool(presences), session.ends_at - session.starts_at, rules)
    return BadgeAttendance(presences, minutes, attended, repeats, impossible, opened is not None)


def minutes_until(found: BadgeAttendance, now: datetime) -> int | None:
    """Return the whole minutes until now; None if the session's end is not known."""
    if found.minutes is None:
        return None
    begun = (each for each in found.presences if each.begins < now)
    return sum((min(each.ends, now) - each.begins for each in begun), timedelta()) // _MINUTE


def attended_until(found: BadgeAttendance, session: SessionRules, rules: AttendanceRules, now: datetime) -> bool | None:
    """Return whether the person has attended, as far as it is known now; None while it is not decided."""
    if session.ends_at is None or now >= session.ends_at + timedelta(minutes=rules.late_minutes):
        return found.attended
    present = any(each.begins < now for each in found.presences)
    enough = _attended(minutes_until(found, now) or 0, present, session.ends_at - session.starts_at, rules)
    return True if enough else None


def in_order(scans: Iterable[BadgeScan], session: SessionRules) -> list[BadgeScan]:
    """Return scans in the order in which they count, each with the direction that counts at this session."""
    if not session.in_and_out:
        return sorted((BadgeScan(each.id, each.at, IN) for each in scans), key=_place)
    return sorted((each if each.direction else BadgeScan(each.id, each.at, IN) for each in scans), key=_place)


def repeats_of(ordered: Sequence[BadgeScan], repeat_seconds: int) -> dict[str, str]:
    """Return the repeats among the scans of one badge at one session, each with the scan that it repeats.

    A repeat is at most `repeat_seconds` later than the last scan of the same direction that is none, with no scan of the other
    direction in between.
    """
    found: dict[str, str] = {}
    within = timedelta(seconds=repeat_seconds)
    last: BadgeScan | None = None
    for each in ordered:
        if last is not None and each.direction == last.direction and each.at - last.at <= within:
            found[each.id] = last.id
        else:
            last = each
    return found


def _place(scan: BadgeScan) -> tuple[datetime, bool, str]:
    return scan.at, scan.direction != OUT, scan.id


def _presences(
    ordered: Sequence[BadgeScan], session: SessionRules
) -> tuple[list[Presence], datetime | None, tuple[str, ...]]:
    """Return closed presences, since when one is open, and the ids of `out` scans that end none."""
    closed: list[Presence] = []
    opened: datetime | None = None
    impossible = []
    for each in ordered:
        if each.direction != OUT:
            opened = opened or each.at
        elif opened is not None:
            closed.append(Presence(opened, each.at))
            opened = None
        elif not closed and each.at > session.starts_at:
            closed.append(Presence(session.starts_at, each.at))
        else:
            impossible.append(each.id)
    return closed, opened, tuple(impossible)


def _clipped(
    presences: Iterable[Presence], starts_at: datetime, ends_at: datetime, rules: AttendanceRules
) -> tuple[Presence, ...]:
    """Return presences within the session and its margins, without empty ones, in order; those that touch are united."""
    earliest = starts_at - timedelta(minutes=rules.early_minutes)
    latest = ends_at + timedelta(minutes=rules.late_minutes)
    united: list[Presence] = []
    for each in sorted(presences, key=lambda one: one.begins):
        begins, ends = max(each.begins, earliest), min(each.ends, latest)
        if begins >= ends:
            continue
        if united and begins <= united[-1].ends:
            united[-1] = Presence(united[-1].begins, max(ends, united[-1].ends))
        else:
            united.append(Presence(begins, ends))
    return tuple(united)


def _attended_without_end(seen: bool, rules: AttendanceRules) -> bool | None:  # noqa: FBT001 - a value, not a switch
    depends = rules.minutes_needed or rules.percent_needed
    return None if seen and depends else seen


def _attended(minutes: int, present: bool, length: timedelta, rules: AttendanceRules) -> bool:  # noqa: FBT001 - a value, not a switch
    if not rules.minutes_needed and not rules.percent_needed:
        return present
    enough = bool(rules.minutes_needed) and minutes >= rules.minutes_needed
    share = bool(rules.percent_needed) and minutes * 100 >= rules.percent_needed * (length // _MINUTE)
    return enough or share
