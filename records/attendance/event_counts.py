"""Counts of scans for the whole event, by session: what a page can ask for again and again while people are scanned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.tenants.implementations import Implementation

from . import scan_queries


@dataclass(frozen=True)
class SessionCount:
    """The scans of a session that count, the different badges among them, and when the last one was made."""

    scans: int
    people: int
    last_at: datetime


def by_session(db: Session, owner: Implementation) -> dict[str, SessionCount]:
    """Count the scans of each session that has any."""
    scans = scan_queries.counted(owner).subquery()
    people = func.count(func.distinct(scans.c.badge_id))
    rows = select(scans.c.session_id, func.count(), people, func.max(scans.c.corrected_at)).group_by(scans.c.session_id)
    return {name: SessionCount(*counts) for name, *counts in db.execute(rows)}
