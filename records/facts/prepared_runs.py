"""Runs of `prepare`: when facts were pulled, what that asked of the vendors, and how it ended.

They are traces without a user: an author needs them to see why facts are missing. Each session keeps its last few, for as
many days as its implementation keeps runs. The runner redacts what it passes here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ForeignKey, Index, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields
from records.columns import Base, RowId
from records.people.users import User
from records.scripts.runs import RETURNED
from records.tenants.implementations import Implementation

from .fact_storage import FactSource
from .fact_tables import Fact

#: Runs that each session keeps.
MOST_OF_SESSION: Final = 20
#: Sessions that one page shows.
MOST_SHOWN: Final = 100


class PreparedRun(Base):
    """One run of `prepare`, also one that failed."""

    __tablename__ = "prepared_runs"
    __table_args__ = (
        Index(None, "implementation_id", "session", "started_at"),
        Index(None, "implementation_id", "started_at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    session: Mapped[str] = mapped_column(String(128))  #: its id in the agenda
    version: Mapped[str] = mapped_column(String(64))  #: SHA-256
    because: Mapped[str] = mapped_column(String(16))  #: why it was ordered
    ordered_by: Mapped[str] = mapped_column(String(255))
    started_at: Mapped[datetime]  #: the moment at which its facts were true at least
    ended_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(32))
    entries: Mapped[int]  #: users of whom it returned facts
    changed: Mapped[int]  #: users whose facts it changed
    answers: Mapped[dict[str, Any]]  #: how many entries were taken, unchanged, of unknown users, …
    calls: Mapped[list[Any]]
    log: Mapped[list[Any]]
    error: Mapped[dict[str, Any] | None]
    usage: Mapped[dict[str, Any]]

    def __repr__(self) -> str:
        return f"<PreparedRun {self.id} {self.outcome}>"

    @property
    def failed(self) -> bool:
        """Whether its facts could not be used, so that the earlier ones stay."""
        return self.outcome != RETURNED


@dataclass(frozen=True, kw_only=True)
class PreparedRunDraft:
    """A run as the runner passes it; the fields are those of `PreparedRun`."""

    session: str
    version: str
    because: str
    ordered_by: str
    started_at: datetime
    ended_at: datetime
    outcome: str
    entries: int = 0
    changed: int = 0
    answers: dict[str, int] = field(default_factory=dict)
    calls: Sequence[dict[str, Any]] = ()
    log: Sequence[str] = ()
    error: dict[str, Any] | None = None
    usage: dict[str, Any] = field(default_factory=dict)


def record(db: Session, owner: Implementation, draft: PreparedRunDraft) -> PreparedRun:
    """Store a run; of more than `MOST_OF_SESSION` of its session the oldest are deleted."""
    told = {"calls": list(draft.calls), "log": list(draft.log), "error": draft.error}
    run = PreparedRun(implementation_id=owner.id, **vars(draft) | fields.storable(told))
    db.add(run)
    db.flush()
    mine = (PreparedRun.implementation_id == owner.id, PreparedRun.session == run.session)
    kept = select(PreparedRun.id).where(*mine).order_by(PreparedRun.id.desc()).offset(MOST_OF_SESSION)
    old = list(db.scalars(kept))
    if old:
        db.execute(delete(PreparedRun).where(PreparedRun.id.in_(old)))
    return run


def of_session(db: Session, owner: Implementation, session: str) -> list[PreparedRun]:
    """Return the runs for one session, the newest first."""
    mine = select(PreparedRun).where(PreparedRun.implementation_id == owner.id, PreparedRun.session == session)
    return list(db.scalars(mine.order_by(PreparedRun.id.desc())))


def newest(db: Session, owner: Implementation) -> list[PreparedRun]:
    """Return the last run of each session, the newest first; not of more than `MOST_SHOWN`."""
    ids = select(func.max(PreparedRun.id)).where(PreparedRun.implementation_id == owner.id)
    last = select(PreparedRun).where(PreparedRun.id.in_(ids.group_by(PreparedRun.session)))
    return list(db.scalars(last.order_by(PreparedRun.id.desc()).limit(MOST_SHOWN)))


def failures_in_a_row(db: Session, owner: Implementation, version: str, *, most: int) -> int:
    """Return how many of the last runs of a version failed one after the other, not counting beyond `most`."""
    mine = select(PreparedRun.outcome).where(PreparedRun.implementation_id == owner.id, PreparedRun.version == version)
    count = 0
    for outcome in db.scalars(mine.order_by(PreparedRun.id.desc()).limit(most)):
        if outcome == RETURNED:
            break
        count += 1
    return count


def named_before(db: Session, owner: Implementation, session: str, at: datetime) -> list[str]:
    """Return the users (by subject) of whom `prepare` told something about this session before a moment."""
    rows = select(User.subject).join(Fact, Fact.user_id == User.id)
    mine = (Fact.implementation_id == owner.id, Fact.session == session, Fact.source == FactSource.PULLED.value)
    return list(db.scalars(rows.where(*mine, Fact.content.is_not(None), Fact.at < at)))


def purge(db: Session, now: datetime) -> int:
    """Delete runs that are older than their implementation keeps runs; return how many."""
    deleted = 0
    for row in db.execute(select(Implementation.id, Implementation.keep_runs_days)).all():
        mine = (PreparedRun.implementation_id == row[0], PreparedRun.started_at < now - timedelta(days=row[1]))
        old = list(db.scalars(select(PreparedRun.id).where(*mine)))
        if old:
            db.execute(delete(PreparedRun).where(PreparedRun.id.in_(old)))
        deleted += len(old)
    return deleted
