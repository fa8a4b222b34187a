"""Runs: the trace of each execution of a version, kept for as many days as its implementation says.

A run's row is self-contained (user, session and version are texts), so that it remains readable after those were removed.
The runner redacts traces; what it passes here is stored as it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, ForeignKey, Index, String, and_, delete, func, or_, select, text
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from records import fields, support_references
from records.columns import Base
from records.storage.upsert import insert_missing
from records.tenants.implementations import Implementation

#: Rows that one `purge` deletes at most, so that other transactions do not wait long for the write lock.
PURGE_STEP = 500

#: The outcome of a run that did not fail.
RETURNED = "returned"
#: The condition of the index of failed runs, word for word: a database that sees a parameter instead does not use the index.
FAILED = f"outcome <> '{RETURNED}'"
#: As what a failed run of the staged version is shown: as the result of the run of the active version that follows it.
ACTIVE_VERSION = "active version"
#: The cause of a run of the active version that was made because the staged version had failed for this user.
INSTEAD = "staged failed"


class Run(Base):
    """One execution with its trace."""

    __tablename__ = "runs"
    __table_args__ = (
        # Each list of runs reads the newest rows of one of these (tests/records/scripts/test_run_lists.py).
        Index(None, "implementation_id", "started_at"),
        Index("ix_runs_of_user", "implementation_id", "user", "started_at"),
        Index(None, "implementation_id", "session", "started_at"),
        Index(
            "ix_runs_failed",
            "implementation_id",
            "started_at",
            "id",
            "outcome",
            postgresql_where=text(FAILED),
            sqlite_where=text(FAILED),
        ),
        Index(None, "reference"),
        # All that the watch on staged versions reads, so that it never touches the traces.
        Index("ix_runs_watched", "implementation_id", "version", "started_at", "user", "outcome", "because"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)  #: made by the runner; sorts by time
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    user: Mapped[str] = mapped_column(String(255))  #: the user's subject
    session: Mapped[str] = mapped_column(String(128))  #: the session's id in the agenda
    version: Mapped[str] = mapped_column(String(64))  #: SHA-256
    started_at: Mapped[datetime]
    outcome: Mapped[str] = mapped_column(String(32))
    alarm: Mapped[bool]
    shown_as: Mapped[str] = mapped_column(
        String(16)
    )  #: fresh, last good, fallback, hidden, active version or taken back
    message: Mapped[dict[str, Any] | None]  #: as it was shown
    warnings: Mapped[list[Any]]
    calls: Mapped[list[Any]]
    log: Mapped[list[Any]]
    error: Mapped[dict[str, Any] | None]
    usage: Mapped[dict[str, Any]]
    given: Mapped[dict[str, Any]]
    reference: Mapped[str] = mapped_column(String(8), server_default="")  #: see `records.support_references`
    #: see `runner.queues.run_causes`; "" for a run of an earlier release
    because: Mapped[str] = mapped_column(String(16), server_default="")
    waited_ms: Mapped[int | None]  #: from the queue until a worker took it; None for a run of an earlier release
    returned_at: Mapped[datetime | None]  #: when the user came back, for a run that was started by that

    def __repr__(self) -> str:
        return f"<Run {self.id} {self.outcome}>"


@dataclass(frozen=True)
class RunRecord:
    """One run as the runner passes it; the fields are those of `Run`, with the slug of the implementation."""

    id: str
    implementation: str
    user: str
    session: str
    version: str
    started_at: datetime
    outcome: str
    shown_as: str
    alarm: bool = False
    message: dict[str, Any] | None = None
    warnings: list[Any] = field(default_factory=list)
    calls: list[Any] = field(default_factory=list)
    log: list[Any] = field(default_factory=list)
    error: dict[str, Any] | None = None
    usage: dict[str, Any] = field(default_factory=dict)
    given: dict[str, Any] = field(default_factory=dict)
    because: str = ""
    waited_ms: int | None = None
    returned_at: datetime | None = None
    made_at: datetime | None = None  #: when its implementation was created, if that is known
    answers: list[Any] = field(default_factory=list)  #: of vendors, to be kept apart: see `records.trials.kept_answers`


@dataclass(frozen=True)
class RunFilter:
    """Which runs are wanted; None means any. `failed`: only those that failed, or only those that did not."""

    user: str | None = None
    session: str | None = None
    outcome: str | None = None
    version: str | None = None
    since: datetime | None = None
    until: datetime | None = None  #: exclusive
    failed: bool | None = None
    before: str | None = None  #: an id: older than this run


def record_many(db: Session, records: Iterable[RunRecord]) -> int:
    """Store runs with one statement. Returns how many belong to an implementation that still exists.

    A run that is recorded already stays as it is. A run of an implementation that was removed meanwhile is dropped, even if
    another one was created with its slug.
    """
    records = list(records)
    slugs = {record.implementation for record in records}
    # The lock keeps an implementation from being removed between this statement and the next.
    known = select(Implementation.slug, Implementation.id, Implementation.created_at)
    found = db.execute(known.where(Implementation.slug.in_(slugs)).with_for_update(read=True, key_share=True))
    owners = {row.slug: row for row in found}
    rows = []
    for record in records:
        owner = owners.get(record.implementation)
        if owner and record.made_at in (None, owner.created_at):
            rows.append(_row(record, owner.id))
    insert_missing(db, Run, rows)
    return len(rows)


def find(db: Session, implementation: Implementation, run_id: str) -> Run | None:
    """Return the implementation's run with this id."""
    if "\0" in run_id:  # PostgreSQL cannot even compare with it
        return None
    return db.scalar(select(Run).where(Run.implementation_id == implementation.id, Run.id == run_id))


def by_reference(db: Session, reference: str, *, limit: int = 10) -> list[tuple[Implementation, Run]]:
    """Return the runs of all implementations with this reference, each with its implementation, the newest first."""
    found = select(Implementation, Run).join(Implementation, Implementation.id == Run.implementation_id)
    rows = found.where(Run.reference == reference).order_by(Run.started_at.desc(), Run.id.desc()).limit(limit)
    return [(owner, run) for owner, run in db.execute(rows)]


def recent(
    db: Session, implementation: Implementation, wanted: RunFilter | None = None, *, limit: int = 50
) -> list[Run]:
    """Return the runs of an implementation that pass the filter, the newest first."""
    wanted = wanted or RunFilter()
    rows = select(Run).where(Run.implementation_id == implementation.id)
    # The index of the first of these finds fewest runs, and must be taken: SQLite has no statistics by which to choose.
    narrow = [name for name in ("user", "session", "version") if getattr(wanted, name) is not None]
    for name in narrow:
        column = getattr(Run, name)
        rows = rows.where((column if name == narrow[0] else _without_index(column)) == getattr(wanted, name))
    outcome = _without_index(Run.outcome) if narrow else Run.outcome
    if wanted.outcome is not None:
        rows = rows.where(outcome == wanted.outcome if narrow else has_outcome(db, wanted.outcome))
    if wanted.since is not None:
        rows = rows.where(Run.started_at >= wanted.since)
    if wanted.until is not None:
        rows = rows.where(Run.started_at < wanted.until)
    if wanted.failed is not None:
        failed = outcome != RETURNED if narrow else text(FAILED)
        rows = rows.where(failed if wanted.failed else outcome == RETURNED)
    last = find(db, implementation, wanted.before) if wanted.before else None
    if last is not None:
        same_moment = and_(Run.started_at == last.started_at, Run.id < last.id)
        # The first condition is where the index is entered, the second is exact.
        rows = rows.where(Run.started_at <= last.started_at, or_(Run.started_at < last.started_at, same_moment))
    return list(db.scalars(rows.order_by(Run.started_at.desc(), Run.id.desc()).limit(limit)))


def has_outcome(db: Session, outcome: str) -> ColumnElement[bool]:
    """Return the condition that a run has this outcome, by which the database finds the index of failed runs.

    SQLite must be told that the outcome is a failed one. PostgreSQL sees it, and would take the list for a much shorter one.
    """
    same = Run.outcome == outcome
    is_told = outcome != RETURNED and db.get_bind().dialect.name == "sqlite"
    return and_(text(FAILED), same) if is_told else same


def _without_index(column: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """Return the values of a column in a form for which a database takes no index."""
    return column.concat("")


def before(db: Session, implementation: Implementation, run: Run) -> Run | None:
    """Return the run before this one for the same user and session."""
    earlier = recent(db, implementation, RunFilter(user=run.user, session=run.session, before=run.id), limit=1)
    return earlier[0] if earlier else None


def calls_compared(run: Run, earlier: Run | None) -> list[dict[str, Any]]:
    """Return the calls of a run, each with `same`: whether the same call got the same answer in the run before."""
    known = {
        (*_call_key(call), call.get("digest")) for call in (earlier.calls if earlier else ()) if call.get("digest")
    }
    return [{**call, "same": (*_call_key(call), call.get("digest")) in known} for call in run.calls]


def _call_key(call: dict[str, Any]) -> tuple[str, ...]:
    return tuple(str(call.get(name, "")) for name in ("connection", "method", "path", "query"))


def count_outcomes(db: Session, implementation: Implementation, since: datetime) -> dict[str, int]:
    """Count the runs since a time by their outcomes."""
    mine = select(Run.outcome, func.count().label("runs")).where(Run.implementation_id == implementation.id)
    return {row.outcome: row.runs for row in db.execute(mine.where(Run.started_at >= since).group_by(Run.outcome))}


def purge(db: Session, now: datetime, *, at_most: int = PURGE_STEP) -> int:
    """Delete runs that are older than their implementation keeps them; return how many.

    Call it again, each time in a transaction of its own, until it returns 0.
    """
    deleted = 0
    for id_, days in db.execute(select(Implementation.id, Implementation.keep_runs_days)).all():
        old = select(Run.id).where(Run.implementation_id == id_, Run.started_at < now - timedelta(days=days))
        # Workers that purge at the same moment take different runs.
        some = old.order_by(Run.started_at).limit(at_most - deleted).with_for_update(skip_locked=True)
        gone = delete(Run).where(Run.id.in_(some)).execution_options(synchronize_session=False)
        done: CursorResult[Any] = db.execute(gone)  # type: ignore[assignment]  # of a DELETE
        deleted += done.rowcount
        if deleted >= at_most:
            break
    return deleted


def _row(record: RunRecord, implementation_id: int) -> dict[str, Any]:
    """Return a row that every database can store, whatever a script or a vendor has put into it."""
    values = vars(record) | {"implementation_id": implementation_id, "reference": support_references.of_run(record.id)}
    del values["implementation"], values["made_at"], values["answers"]
    return {name: value if isinstance(value, datetime) else fields.storable(value) for name, value in values.items()}
