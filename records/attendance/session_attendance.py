"""The attendance of one session: of each badge that was scanned there, with conflicts with other sessions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from records.agenda.sessions import AgendaSession
from records.tenants.implementations import Implementation

from . import scan_queries
from .conflicts import conflicts_of
from .minutes import BadgeAttendance, BadgeScan, SessionRules, attendance


@dataclass(frozen=True)
class PersonAttendance:
    """One badge at the session. `conflicts` are the IDs of other sessions at which it was at the same time."""

    badge_id: str
    scans: int
    of_badge: BadgeAttendance
    conflicts: tuple[str, ...]


@dataclass(frozen=True)
class SessionAttendance:
    """All of a session: how many scans count, how many of them are repeats, and its people by badge ID."""

    session: str
    scans: int
    repeats: int
    people: tuple[PersonAttendance, ...]


def compute(db: Session, owner: Implementation, session: AgendaSession) -> SessionAttendance:
    """Compute the attendance of a session from all scans that count now."""
    near = {each.session_id: each for each in _overlapping(db, owner, session)}
    found = of_badges(db, owner, near)
    here = {badge: sessions[session.session_id] for badge, sessions in found.items() if session.session_id in sessions}
    parents = {each.session_id: each.parent_id for each in near.values()}
    people = []
    for badge in sorted(here):
        presences = {name: of_badge.presences for name, (_, of_badge) in found[badge].items()}
        pairs = conflicts_of(presences, parents)
        others = [two.second if two.first == session.session_id else two.first for two in pairs
                  if session.session_id in (two.first, two.second)]  # fmt: skip
        count, of_badge = here[badge]
        people.append(PersonAttendance(badge, count, of_badge, tuple(others)))
    repeats = sum(len(each.of_badge.repeats) for each in people)
    return SessionAttendance(session.session_id, sum(each.scans for each in people), repeats, tuple(people))


def of_badges(
    db: Session, owner: Implementation, sessions: dict[str, AgendaSession], badge: str | None = None
) -> dict[str, dict[str, tuple[int, BadgeAttendance]]]:
    """Return the number of scans and the attendance, by badge ID and session; of one badge, or of all that were scanned."""
    groups: dict[tuple[str, str], list[BadgeScan]] = defaultdict(list)
    for row in scan_queries.at_sessions(db, owner, sessions, None if badge is None else [badge]):
        groups[row.badge_id, row.session_id].append(row.of_badge)
    rules = scan_queries.rules_of(owner)
    held = {name: session_rules(owner, session) for name, session in sessions.items()}
    found: dict[str, dict[str, tuple[int, BadgeAttendance]]] = defaultdict(dict)
    for (who, name), scans in groups.items():
        found[who][name] = (len(scans), attendance(scans, held[name], rules))
    return found


def of_scans(owner: Implementation, session: AgendaSession, scans: Sequence[BadgeScan]) -> BadgeAttendance:
    """Return the attendance that these scans of one badge at a session give."""
    return attendance(scans, session_rules(owner, session), scan_queries.rules_of(owner))


def session_rules(owner: Implementation, session: AgendaSession) -> SessionRules:
    """Return when a session is held and how it is scanned. One that ends when it begins has no known end."""
    ends_at = session.ends_at if session.ends_at > session.starts_at else None
    return SessionRules(session.starts_at, ends_at, scan_queries.has_directions(owner, session.session_id))


def _overlapping(db: Session, owner: Implementation, session: AgendaSession) -> list[AgendaSession]:
    """Return the sessions at which somebody could have been at the same time, the session itself included."""
    margin = timedelta(minutes=owner.early_minutes + owner.late_minutes)
    mine = select(AgendaSession).where(AgendaSession.implementation_id == owner.id)
    near = mine.where(
        AgendaSession.starts_at <= session.ends_at + margin, AgendaSession.ends_at >= session.starts_at - margin
    )
    return list(db.scalars(near))
