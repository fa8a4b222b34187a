"""Who is expected to look when a session ends: people who have looked at its message before, and those who were scanned there."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from records.attendance.ledger.tables import LedgerEntry
from records.people.users import User
from records.scripts.runs import Run
from records.tenants import connections
from records.tenants.implementations import Implementation

#: How long ago somebody may have looked.
LOOKED: Final = timedelta(hours=12)


def expected(db: Session, owner: Implementation, session: str, now: datetime) -> list[str]:
    """Return the users by subject, those who looked last first, at most as many as the implementation says."""
    most = owner.prefetch_people
    runs = select(Run.user).where(
        Run.implementation_id == owner.id, Run.session == session, Run.started_at > now - LOOKED
    )
    looked = db.scalars(runs.group_by(Run.user).order_by(func.max(Run.started_at).desc(), Run.user).limit(most))
    badges = select(LedgerEntry.badge_id).where(
        LedgerEntry.implementation_id == owner.id, LedgerEntry.session_id == session
    )
    theirs = select(User.subject).where(User.implementation_id == owner.id, User.badge_id.in_(badges))
    scanned = db.scalars(theirs.order_by(User.subject).limit(most))
    return list(dict.fromkeys([*looked, *scanned]))[:most]


def calls_per_s(db: Session, owner: Implementation) -> float | None:
    """Return the smallest rate at which one of the implementation's connections may be called; None without any limit."""
    rates = [each.rate_per_s for each in connections.every(db, owner) if each.rate_per_s is not None]
    return min(rates, default=None)
