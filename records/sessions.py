"""Sessions of the agenda: what is held when, as the organizer's file says.

The table and its rules; how a file is read is in `agenda_file`, what its rows must be to each other in `agenda_rules`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import agenda_file, agenda_rules, implementations
from .agenda_file import FileFault, FileRow
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


def every(db: Session, implementation: Implementation, *, limit: int | None = None) -> list[AgendaSession]:
    """Return an implementation's agenda by time, all of it or its first sessions."""
    mine = select(AgendaSession).where(AgendaSession.implementation_id == implementation.id)
    return list(db.scalars(mine.order_by(AgendaSession.starts_at, AgendaSession.session_id).limit(limit)))


def count(db: Session, implementation: Implementation) -> int:
    """Return how many sessions an implementation's agenda has."""
    mine = select(func.count()).select_from(AgendaSession).where(AgendaSession.implementation_id == implementation.id)
    return db.scalar(mine) or 0


def last_end(db: Session, implementation: Implementation) -> datetime | None:
    """Return when the last session of an implementation's agenda ends; None without an agenda."""
    mine = select(func.max(AgendaSession.ends_at)).where(AgendaSession.implementation_id == implementation.id)
    return db.scalar(mine)


@dataclass(frozen=True)
class ImportReport:
    """What an import did: all of it, or with any fault nothing."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: tuple[FileFault, ...] = ()


def import_csv(db: Session, implementation: Implementation, stream: BinaryIO | bytes) -> ImportReport:
    """Bring the agenda up to what a CSV file says about the sessions in it; a session that is not in it stays.

    What the file has no column for stays as it is, too. Importing a file twice changes nothing the second time.
    """
    data = stream if isinstance(stream, bytes) else stream.read(agenda_file.LARGEST_FILE + 1)
    file = agenda_file.read(data, ZoneInfo(implementation.time_zone))
    implementations.lock(db, implementation)
    present = {session.session_id: session for session in every(db, implementation)}
    faults = [*file.faults, *agenda_rules.faults(file, present)]
    if faults:
        return ImportReport(faults=tuple(sorted(faults)))
    added = changed = 0
    for row in file.rows:
        session = present.get(row.values["session_id"])
        if session is None:
            session = AgendaSession(implementation_id=implementation.id, attributes={})
            db.add(session)
            added += 1
            _apply(session, row)
        else:
            changed += _apply(session, row)
    db.flush()
    return ImportReport(added=added, changed=changed, unchanged=len(file.rows) - added - changed)


def export_csv(db: Session, implementation: Implementation) -> str:
    """Write the whole agenda as a file that `import_csv` reads back unchanged."""
    rows = [vars(session) for session in every(db, implementation)]
    return agenda_file.write(rows, ZoneInfo(implementation.time_zone))


def _apply(session: AgendaSession, row: FileRow) -> bool:
    """Give a session the row's values; say whether any of them was new."""
    attributes = {**(session.attributes or {}), **row.attributes}
    values = {**row.values, "attributes": {name: text for name, text in attributes.items() if text}}
    before = {name: getattr(session, name) for name in values}
    # As texts too: 1.0 and 1.00 credits are equal, but people see the difference.
    different = [name for name in values if (before[name], str(before[name])) != (values[name], str(values[name]))]
    for name in different:
        setattr(session, name, values[name])
    return bool(different)
