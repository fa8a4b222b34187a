"""Sessions of the agenda: what is held when, as the organizer's file says.

The table and its readers. A session that was once served is never deleted, because runs name it: it is retired instead. A
retired session is not served, and comes back if a file names it again.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Select,
    String,
    UniqueConstraint,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields
from records.columns import Base, Credits, RowId
from records.tenants.implementations import Implementation


class AgendaSession(Base):
    """A conference session. Its times are in UTC; people read them in the implementation's time zone."""

    __tablename__ = "sessions"
    __table_args__ = (
        UniqueConstraint("implementation_id", "session_id"),
        ForeignKeyConstraint(
            ["implementation_id", "parent_id"],
            ["sessions.implementation_id", "sessions.session_id"],
            deferrable=True,
            initially="DEFERRED",  # a file may name a parent after its sub-sessions
        ),
        Index(None, "implementation_id", "starts_at"),
        CheckConstraint("ends_at >= starts_at", name="times"),
        CheckConstraint("parent_id IS NULL OR parent_id <> session_id", name="parent"),
        CheckConstraint("length(title) > 0 AND length(session_id) > 0", name="named"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    session_id: Mapped[str] = mapped_column(String(128))  #: its id in the organizer's agenda and in addresses
    title: Mapped[str] = mapped_column(String(500))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    location: Mapped[str] = mapped_column(String(300), default="")
    parent_id: Mapped[str | None] = mapped_column(String(128))  #: session_id of the session it is a part of
    credits: Mapped[Decimal | None] = mapped_column(Credits)
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)  #: the file's other columns, as texts
    retired_at: Mapped[datetime | None]  #: since when it is not served

    def __repr__(self) -> str:
        return f"<AgendaSession {self.session_id}>"


def find(db: Session, implementation: Implementation, session_id: str) -> AgendaSession | None:
    """Return the implementation's session with this id; None for a retired one."""
    if not fields.is_storable_text(session_id):
        return None
    return db.scalar(_served(implementation).where(AgendaSession.session_id == session_id))


def find_any(db: Session, implementation: Implementation, session_id: str) -> AgendaSession | None:
    """Return the implementation's session with this id, retired or not. For explanations, never for what apps ask."""
    if not fields.is_storable_text(session_id):
        return None
    mine = select(AgendaSession).where(AgendaSession.implementation_id == implementation.id)
    return db.scalar(mine.where(AgendaSession.session_id == session_id))


def every(db: Session, implementation: Implementation, *, limit: int | None = None) -> list[AgendaSession]:
    """Return an implementation's agenda by time, all of it or its first sessions; none that is retired."""
    mine = _served(implementation).order_by(AgendaSession.starts_at, AgendaSession.session_id)
    return list(db.scalars(mine.limit(limit)))


def with_retired(db: Session, implementation: Implementation) -> dict[str, AgendaSession]:
    """Return all sessions that an implementation ever had, by id."""
    mine = select(AgendaSession).where(AgendaSession.implementation_id == implementation.id)
    return {session.session_id: session for session in db.scalars(mine)}


def count(db: Session, implementation: Implementation, *, retired: bool = False) -> int:
    """Return how many sessions an implementation's agenda has, or how many of it are retired."""
    mine = select(func.count()).select_from(AgendaSession).where(AgendaSession.implementation_id == implementation.id)
    which = AgendaSession.retired_at.is_not(None) if retired else AgendaSession.retired_at.is_(None)
    return db.scalar(mine.where(which)) or 0


def later_in_room(
    db: Session, implementation: Implementation, session: AgendaSession, *, within: timedelta, limit: int
) -> list[AgendaSession]:
    """Return the sessions that are held in a session's room after it, by time; none if its room is not known."""
    if not session.location:
        return []
    same_room = _served(implementation).where(AgendaSession.location == session.location)
    later = same_room.where(
        AgendaSession.session_id != session.session_id,
        AgendaSession.starts_at >= session.starts_at,
        AgendaSession.starts_at <= session.ends_at + within,
    )
    return list(db.scalars(later.order_by(AgendaSession.starts_at, AgendaSession.session_id).limit(limit)))


def last_end(db: Session, implementation: Implementation) -> datetime | None:
    """Return when the last session of an implementation's agenda ends; None without an agenda."""
    mine = select(func.max(AgendaSession.ends_at)).where(AgendaSession.implementation_id == implementation.id)
    return db.scalar(mine.where(AgendaSession.retired_at.is_(None)))


def next_start(db: Session, implementation: Implementation, now: datetime) -> datetime | None:
    """Return when the next session of an implementation's agenda starts; None if none starts any more."""
    mine = select(func.min(AgendaSession.starts_at)).where(AgendaSession.implementation_id == implementation.id)
    return db.scalar(mine.where(AgendaSession.retired_at.is_(None), AgendaSession.starts_at >= now))


def _served(implementation: Implementation) -> Select[AgendaSession]:
    mine = select(AgendaSession).where(AgendaSession.implementation_id == implementation.id)
    return mine.where(AgendaSession.retired_at.is_(None))
