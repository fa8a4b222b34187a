"""The tables of the roster: its people, and a file that waits for its import."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from records.columns import Base, RowId, utc_now
from records.storage.waiting_files import WaitingFile


class RosterPerson(Base):
    """A person of the organizer's list. The badge ID is normalised."""

    __tablename__ = "roster_people"
    __table_args__ = (
        UniqueConstraint("implementation_id", "badge_id"),
        CheckConstraint("length(badge_id) > 0", name="badge_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    badge_id: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(200))
    first_name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(254))
    registration_type: Mapped[str] = mapped_column(String(100))
    imported_at: Mapped[datetime] = mapped_column(default=utc_now)
    search_text: Mapped[str] = mapped_column(Text)  #: the folded names and badge ID, in which a search looks

    def __repr__(self) -> str:
        return f"<RosterPerson {self.id}>"  # a log is no place for a person's name


class RosterUpload(WaitingFile, Base):
    """A roster that a person has uploaded and not imported yet."""

    __tablename__ = "roster_uploads"
    __table_args__ = (UniqueConstraint("implementation_id", "uploaded_by"),)
