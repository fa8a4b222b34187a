"""Sessions of the agenda: what is held when, as the organizer's file says."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from .columns import Base, Credits, RowId
from .implementations import Implementation


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

    def __repr__(self) -> str:
        return f"<AgendaSession {self.session_id}>"


def find(db: Session, implementation: Implementation, session_id: str) -> AgendaSession | None:
    """Return the implementation's session with this id."""
    mine = select(AgendaSession).where(AgendaSession.implementation_id == implementation.id)
    return db.scalar(mine.where(AgendaSession.session_id == session_id))


def every(db: Session, implementation: Implementation) -> list[AgendaSession]:
    """Return an implementation's agenda by time."""
    mine = select(AgendaSession).where(AgendaSession.implementation_id == implementation.id)
    return list(db.scalars(mine.order_by(AgendaSession.starts_at, AgendaSession.session_id)))
