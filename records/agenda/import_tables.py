"""The tables of imports: a file that waits for its import, and what undoes the last import.

A file is kept between its preview and its import, so that people need not choose it twice: one for each person, for a day.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.columns import Base, RowId, utc_now
from records.tenants.implementations import Implementation

#: How long an upload waits for its import.
UPLOAD_KEPT = timedelta(days=1)
_LONGEST_NAME = 255


class AgendaUpload(Base):
    """A file that a person has uploaded and not imported yet."""

    __tablename__ = "agenda_uploads"
    __table_args__ = (UniqueConstraint("implementation_id", "uploaded_by"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    uploaded_by: Mapped[str] = mapped_column(String(255))
    uploaded_at: Mapped[datetime]
    file_name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)


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


def clean_file_name(file_name: str) -> str:
    """Return a file's name as it is stored: one line, without folders."""
    name = file_name.replace("\\", "/").rpartition("/")[2]
    return "".join(c if c.isprintable() else "\ufffd" for c in name)[:_LONGEST_NAME]


def keep_upload(db: Session, implementation: Implementation, by: str, file_name: str, content: bytes) -> AgendaUpload:
    """Keep a person's file in place of their last one, and delete files that were not imported within a day."""
    mine = AgendaUpload.implementation_id == implementation.id
    old = AgendaUpload.uploaded_at < utc_now() - UPLOAD_KEPT
    db.execute(delete(AgendaUpload).where(mine, old | (AgendaUpload.uploaded_by == by)))
    upload = AgendaUpload(
        implementation_id=implementation.id,
        uploaded_by=by,
        uploaded_at=utc_now(),
        file_name=clean_file_name(file_name),
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )
    db.add(upload)
    db.flush()
    return upload


def upload_of(db: Session, implementation: Implementation, by: str) -> AgendaUpload | None:
    """Return this person's file that waits for its import; None if there is none."""
    mine = select(AgendaUpload).where(AgendaUpload.implementation_id == implementation.id)
    return db.scalar(mine.where(AgendaUpload.uploaded_by == by, AgendaUpload.uploaded_at >= utc_now() - UPLOAD_KEPT))


def drop_upload(db: Session, implementation: Implementation, by: str) -> None:
    """Delete this person's file."""
    mine = AgendaUpload.implementation_id == implementation.id
    db.execute(delete(AgendaUpload).where(mine, AgendaUpload.uploaded_by == by))


def last_import(db: Session, implementation: Implementation) -> AgendaImport | None:
    """Return the import that can be undone; None if there is none."""
    return db.scalar(select(AgendaImport).where(AgendaImport.implementation_id == implementation.id))
