"""Counts of scans for the whole event, by session: what a page can ask for again and again while people are scanned."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records import audit
from records.attendance import scan_queries
from records.attendance.ledger.tables import LedgerEntry, LedgerHead
from records.tenants.implementations import Implementation


@dataclass(frozen=True)
class SessionCount:
    """The scans of a session that count, the different badges among them, and when the last one was made."""

    scans: int
    people: int
    last_at: datetime


@dataclass(frozen=True)
class EventCount:
    """The same of the whole event: a person who was at two sessions is one of `people`."""

    people: int
    by_session: dict[str, SessionCount]

    @property
    def scans(self) -> int:
        """How many scans count."""
        return sum(each.scans for each in self.by_session.values())

    @property
    def last_at(self) -> datetime | None:
        """When the last scan was made."""
        return max((each.last_at for each in self.by_session.values()), default=None)


def count(db: Session, owner: Implementation) -> EventCount:
    """Count the scans of the event, and of each session that has any."""
    scans = scan_queries.counted(owner).subquery()
    people = func.count(func.distinct(scans.c.badge_id))
    rows = select(scans.c.session_id, func.count(), people, func.max(scans.c.corrected_at)).group_by(scans.c.session_id)
    found = {name: SessionCount(*counts) for name, *counts in db.execute(rows)}
    return EventCount(db.scalar(select(people)) or 0, found)


def arrivals(db: Session, owner: Implementation, sessions: Collection[str]) -> dict[str, list[datetime]]:
    """Return for each of these sessions when each badge was scanned there for the first time."""
    scans = scan_queries.counted(owner, LedgerEntry.session_id.in_(sessions)).subquery()
    first = select(scans.c.session_id, func.min(scans.c.corrected_at)).group_by(scans.c.session_id, scans.c.badge_id)
    found: dict[str, list[datetime]] = defaultdict(list)
    for name, at in db.execute(first) if sessions else ():
        found[name].append(at)
    return found


def edition(db: Session, owner: Implementation) -> str:
    """Return a text that differs once anything has changed that counts follow from: scans, corrections, agenda or settings."""
    entries = db.scalar(select(LedgerHead.entries).where(LedgerHead.implementation_id == owner.id)) or 0
    newest = audit.recent(db, implementation=owner.slug, limit=1)
    return f"{entries}.{newest[0].number if newest else 0}"


def times_at(db: Session, owner: Implementation, session_id: str) -> dict[str, tuple[datetime, datetime]]:
    """Return for each badge that was scanned at a session when that was for the first and the last time."""
    scans = scan_queries.counted(owner, LedgerEntry.session_id == session_id).subquery()
    times = func.min(scans.c.corrected_at), func.max(scans.c.corrected_at)
    rows = db.execute(select(scans.c.badge_id, *times).group_by(scans.c.badge_id))
    return {badge: (first, last) for badge, first, last in rows}
