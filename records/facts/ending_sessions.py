"""Sessions that end soon: for which the script is to prepare facts, and of which people are expected to look."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from records.agenda.sessions import AgendaSession
from records.scripts.deployments import Deployment
from records.scripts.states import ACTIVE
from records.scripts.versions import Version
from records.tenants.implementations import Implementation

#: The most that `prepare_minutes_before_end` can be.
MOST_MINUTES: Final = 120
#: Share of these minutes over which the sessions that end together are spread.
SPREAD: Final = 0.4


@dataclass(frozen=True)
class EndingSession:
    """A session whose facts are due."""

    implementation: str  #: slug
    session: str  #: its id in the agenda
    ends_at: datetime
    fresh_s: int


def due(db: Session, now: datetime) -> list[EndingSession]:
    """Return the sessions for which facts are due: they end within the minutes that their implementation says.

    Not sub-sessions that show the message of the session they are a part of: a run then reads that session's facts.

    The moment of each is later by a share that its id gives, the same in every process, so that not all sessions that end at
    the hour ask a vendor at once.
    """
    rows = _ending(now, timedelta(minutes=MOST_MINUTES))
    rows = rows.where(Version.prepares.is_(True), Implementation.prepare_minutes_before_end > 0)
    rows = rows.where(or_(Implementation.inherit_from_parent.is_(False), AgendaSession.parent_id.is_(None)))
    return [
        EndingSession(row.slug, row.session_id, row.ends_at, row.fresh_s)
        for row in db.execute(rows)
        if row.ends_at - _before(row.session_id, row.minutes) <= now
    ]


def soon(db: Session, now: datetime, within: timedelta) -> list[EndingSession]:
    """Return the sessions that end so soon and whose people's messages may be found ahead of time."""
    rows = _ending(now, within).where(Implementation.prefetch_people > 0)
    return [EndingSession(row.slug, row.session_id, row.ends_at, row.fresh_s) for row in db.execute(rows)]


def _ending(now: datetime, within: timedelta) -> Select[str, int, int, str, datetime]:
    """Select the sessions that end soon in implementations that run a script."""
    columns = (
        Implementation.slug,
        Implementation.prepare_minutes_before_end.label("minutes"),
        Implementation.prepare_fresh_seconds.label("fresh_s"),
        AgendaSession.session_id,
        AgendaSession.ends_at,
    )
    return (
        select(*columns)
        .join(AgendaSession, AgendaSession.implementation_id == Implementation.id)
        .join(Deployment, Deployment.implementation_id == Implementation.id)
        .join(Version, Version.id == Deployment.version_id)
        .where(
            Deployment.state == ACTIVE,
            Deployment.ended_at.is_(None),
            Version.suspended_at.is_(None),
            Implementation.archived_at.is_(None),
            Implementation.stopped_at.is_(None),
            AgendaSession.retired_at.is_(None),
            AgendaSession.ends_at > now,
            AgendaSession.ends_at <= now + within,
        )
    )


def _before(session: str, minutes: int) -> timedelta:
    """How long before its end a session is due."""
    later = zlib.crc32(session.encode()) / 2**32 * SPREAD
    return timedelta(minutes=minutes * (1 - later))
