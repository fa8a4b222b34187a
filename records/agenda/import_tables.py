"""The tables of imports: a file that waits for its import, and what undoes the last import."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.columns import Base, RowId
from records.storage import waiting_files
from records.storage.waiting_files import WaitingFile
from records.tenants.implementations import Implementation


class AgendaUpload(WaitingFile, Base):
    """An agenda that a person has uploaded and not imported yet."""

    __tablename__ = "agenda_uploads"
    __table_args__ = (UniqueConstraint("implementation_id", "uploaded_by"),)


class AgendaImport(Base):
    """The last import of an implementation that changed anything. `before`: each session it changed, as it was; null for a new one."""

    __tablename__ = "agenda_imports"
    # A number is never used twice: an undo knows by it which import the person saw.
    __table_args__ = (UniqueConstraint("implementation_id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    imported_by: Mapped[str] = mapped_column(String(255))
    imported_at: Mapped[datetime]
    file_name: Mapped[str] = mapped_column(String(255))
    counts: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any]] = mapped_column(deferred=True)


def keep_upload(db: Session, implementation: Implementation, by: str, file_name: str, content: bytes) -> AgendaUpload:
    """Keep a person's file in place of their last one, and delete files that were not imported within a day."""
    return waiting_files.keep(db, AgendaUpload, implementation.id, by, file_name=file_name, content=content)


def upload_of(db: Session, implementation: Implementation, by: str) -> AgendaUpload | None:
    """Return this person's file that waits for its import; None if there is none."""
    return waiting_files.of(db, AgendaUpload, implementation.id, by)


def drop_upload(db: Session, implementation: Implementation, by: str) -> None:
    """Delete this person's file."""
    waiting_files.drop(db, AgendaUpload, implementation.id, by)


def last_import(db: Session, implementation: Implementation) -> AgendaImport | None:
    """Return the import that can be undone; None if there is none."""
    return db.scalar(select(AgendaImport).where(AgendaImport.implementation_id == implementation.id))
