"""Files that wait for their import: one for each person, for a day, so that people need not choose a file twice.

A table of such files is `WaitingFile` and a name.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final, TypeVar

from sqlalchemy import ForeignKey, LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.columns import RowId, utc_now

#: How long a file waits for its import.
KEPT: Final = timedelta(days=1)
_LONGEST_NAME: Final = 255


class WaitingFile:
    """The columns of a file that a person has uploaded and not imported yet."""

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    uploaded_by: Mapped[str] = mapped_column(String(255))
    uploaded_at: Mapped[datetime]
    file_name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[bytes] = mapped_column(LargeBinary)


AnyFile = TypeVar("AnyFile", bound=WaitingFile)


def clean_file_name(file_name: str) -> str:
    """Return a file's name as it is stored: one line, without folders."""
    name = file_name.replace("\\", "/").rpartition("/")[2]
    return "".join(c if c.isprintable() else "\ufffd" for c in name)[:_LONGEST_NAME]


def keep(  # noqa: PLR0913 - what a file is made of, the last two by name
    db: Session, table: type[AnyFile], owner: int, by: str, *, file_name: str, content: bytes
) -> AnyFile:
    """Keep a person's file in place of their last one, and delete files that were not imported within a day."""
    old = table.uploaded_at < utc_now() - KEPT
    db.execute(delete(table).where(table.implementation_id == owner, old | (table.uploaded_by == by)))
    row = table()
    row.implementation_id, row.uploaded_by, row.uploaded_at = owner, by, utc_now()
    row.file_name, row.sha256, row.content = clean_file_name(file_name), hashlib.sha256(content).hexdigest(), content
    db.add(row)
    db.flush()
    return row


def of(db: Session, table: type[AnyFile], owner: int, by: str) -> AnyFile | None:
    """Return this person's file that waits for its import; None if there is none."""
    mine = select(table).where(table.implementation_id == owner, table.uploaded_by == by)
    return db.scalar(mine.where(table.uploaded_at >= utc_now() - KEPT))


def drop(db: Session, table: type[WaitingFile], owner: int, by: str) -> None:
    """Delete this person's file."""
    db.execute(delete(table).where(table.implementation_id == owner, table.uploaded_by == by))
