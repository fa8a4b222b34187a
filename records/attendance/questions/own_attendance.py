"""What is known of a person's own attendance, for that person: found by the badge ID of their user, and by nothing else.

A badge ID that two people have tells neither of them anything, because the scans may be the other's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy.orm import Session

from records.agenda import sessions
from records.agenda.sessions import AgendaSession
from records.attendance import session_attendance
from records.attendance.ledger import scan_rows
from records.attendance.ledger.scan_rows import ListedScan, ScanListQuery
from records.attendance.minutes import BadgeAttendance
from records.people import users
from records.people.users import User
from records.tenants.implementations import Implementation

from . import attendance_words, disputes, open_questions
from .attendance_questions import QuestionKind
from .disputes import AttendanceDispute

#: Scans of one person that are shown, the newest.
MOST_SCANS: Final = 1000


class WhyNoScans(StrEnum):
    """Why no scans of a person can be shown."""

    NO_BADGE = "no badge"
    SHARED_BADGE = "shared badge"


@dataclass(frozen=True)
class OwnScan:
    """One scan: when, in which direction, and a note ("repeat", "added by the organizer", "does not count") or ""."""

    at: datetime
    direction: str
    note: str


@dataclass(frozen=True)
class OwnSession:
    """One session. `counted` is what the organizer counts, in words; `clash` are titles of sessions at the same time."""

    session: AgendaSession
    scans: tuple[OwnScan, ...]
    counted: str
    clash: tuple[str, ...]
    dispute: AttendanceDispute | None


@dataclass(frozen=True)
class OwnAttendance:
    """The sessions of a person in order of time. Without scans, `why_none` says why, if there is a reason."""

    sessions: tuple[OwnSession, ...]
    why_none: WhyNoScans | None = None


def of_user(db: Session, owner: Implementation, user: User | None, now: datetime) -> OwnAttendance:
    """Return the attendance of a person: sessions with scans, and those about which they said that something is wrong."""
    why = _why_none(db, owner, user)
    said = {each.session_id: each for each in reversed(disputes.of_user(db, user))} if user else {}
    listed: dict[str, list[ListedScan]] = defaultdict(list)
    if user is not None and why is None:
        for row in scan_rows.listed(db, owner, ScanListQuery(badge=user.badge_id), limit=MOST_SCANS):
            listed[row.entry.session_id].append(row)
    agenda = {name: each for name in {*listed, *said} if (each := sessions.find_any(db, owner, name)) is not None}
    counts = {}
    if user is not None and why is None:
        counts = session_attendance.of_badges(db, owner, agenda, user.badge_id).get(user.badge_id, {})
    clashes = _clashes(db, owner, user.badge_id, agenda) if user is not None and why is None else {}
    found = [
        OwnSession(
            each,
            _scans(listed[name], counts[name][1] if name in counts else None),
            attendance_words.counted_in_words(counts[name][1], each, now) if name in counts else "no scan that counts",
            tuple(clashes.get(name, ())),
            said.get(name),
        )
        for name, each in agenda.items()
    ]
    return OwnAttendance(tuple(sorted(found, key=lambda one: (one.session.starts_at, one.session.session_id))), why)


def _why_none(db: Session, owner: Implementation, user: User | None) -> WhyNoScans | None:
    if user is None or not user.badge_id:
        return WhyNoScans.NO_BADGE
    same = users.with_badges(db, owner, {user.badge_id}).get(user.badge_id, [])
    return None if same == [user.subject] else WhyNoScans.SHARED_BADGE


def _scans(rows: list[ListedScan], found: BadgeAttendance | None) -> tuple[OwnScan, ...]:
    shown = (OwnScan(row.entry.corrected_at, row.entry.direction, _note(row, found)) for row in rows)
    return tuple(sorted(shown, key=lambda each: each.at))


def _note(row: ListedScan, found: BadgeAttendance | None) -> str:
    if row.void is not None:
        return "does not count: the organizer took it away"
    if found is not None and row.entry.scan_id in found.repeats:
        return "repeat"
    if found is not None and row.entry.scan_id in found.impossible:
        return "does not count: you were not inside"
    return "added by the organizer" if row.entry.kind == "added" else ""


def _clashes(db: Session, owner: Implementation, badge: str, agenda: dict[str, AgendaSession]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for each in open_questions.of_badge(db, owner, badge):
        if each.kind is QuestionKind.CONFLICT:
            for here, there in (each.names, each.names[::-1]):
                found[here].append(agenda[there].title if there in agenda else there)
    return found
