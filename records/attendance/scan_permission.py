"""Who may scan badges: people with the role of scanner, at the sessions of their implementation's settings.

The window of the settings decides when the button is shown. It does not decide which scans count: a door that stays open
longer than planned must lose nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from records import roles
from records.agenda import sessions
from records.agenda.sessions import AgendaSession
from records.audit import AuditEntry
from records.people import grants
from records.people.grants import Grant
from records.people.users import User
from records.tenants import implementations
from records.tenants.implementations import Implementation

#: What `allowed_until` returns for a person who may scan now, and for one who never could.
ALWAYS, NEVER = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)
#: Revoked grants that are looked at, the newest first.
_LOOKED_AT = 1000


def has_scanners(db: Session, owner: Implementation) -> bool:
    """Say whether any grant gives the role of scanner."""
    rows = select(Grant.id).where(Grant.implementation_id == owner.id, Grant.role == roles.SCANNER)
    return db.scalar(rows.limit(1)) is not None


def is_scanner(db: Session, owner: Implementation, user: User) -> bool:
    """Say whether a person has the role of scanner now. Every login may have it, so the login does not matter."""
    return roles.SCANNER in grants.roles_of(db, owner, user, source="")


def allowed_until(db: Session, owner: Implementation, user: User) -> datetime:
    """Return until when scans of this person count: ALWAYS, NEVER, or the moment at which they lost the role.

    Scans that waited on a phone while the role was taken away were made when it was allowed. The moment is that of the newest
    audit entry about a revoked grant of the role that matches the person.
    """
    if is_scanner(db, owner, user):
        return ALWAYS
    rows = select(AuditEntry).where(AuditEntry.implementation == owner.slug, AuditEntry.action == "grant.removed")
    for entry in db.scalars(rows.order_by(AuditEntry.number.desc()).limit(_LOOKED_AT)):
        of_scanner = entry.detail.get("role") == roles.SCANNER and implementations.existed_at(owner, entry.at)
        if of_scanner and _matches(entry.detail, user):
            return entry.at
    return NEVER


def covers(sessions: Collection[str], session_id: str) -> bool:
    """Say whether a list of sessions contains a session; an empty list stands for all."""
    return not sessions or session_id in sessions


def sessions_of_day(db: Session, owner: Implementation, covered: Collection[str], now: datetime) -> list[AgendaSession]:
    """Return the sessions of a list that are held today in the implementation's zone; without one, those of the next day."""
    zone = ZoneInfo(owner.time_zone)
    today = now.astimezone(zone).date()
    mine = [each for each in sessions.every(db, owner) if covers(covered, each.session_id)]
    # What began yesterday and still runs belongs to today, too.
    days = {
        each.session_id: max(each.starts_at.astimezone(zone).date(), min(today, _last_day(each, zone))) for each in mine
    }
    day = min((day for day in days.values() if day >= today), default=today)
    return [each for each in mine if days[each.session_id] == day]


def _last_day(session: AgendaSession, zone: ZoneInfo) -> date:
    return session.ends_at.astimezone(zone).date()


def _matches(detail: dict[str, str], user: User) -> bool:
    return grants.would_match(detail["kind"], detail.get("name", ""), detail["value"], user)
