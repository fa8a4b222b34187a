"""Kept rehearsals: what a version would show at a whole event.

A rehearsal has two parts. Its report names no attendee, and may be sent to the vendor. Its examples name the person of one
run each; the database removes them with the person. Both are kept for as many days as the runs of the implementation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    delete,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, defer, mapped_column

from records import fields
from records.columns import Base, RowId, utc_now
from records.people.users import User
from records.scripts.versions import LARGEST_NUMBER, Version
from records.tenants.implementations import Implementation

#: Rehearsals that an implementation keeps.
MOST_KEPT = 50


class KeptRehearsal(Base):
    """One rehearsal that has ended."""

    __tablename__ = "rehearsals"
    __table_args__ = (
        ForeignKeyConstraint(
            ["version_id", "implementation_id"], ["versions.id", "versions.implementation_id"], ondelete="CASCADE"
        ),
        UniqueConstraint("implementation_id", "number"),
        UniqueConstraint("id", "implementation_id"),
        CheckConstraint("number >= 1", name="number"),
        Index(None, "version_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    version_id: Mapped[int] = mapped_column(RowId)
    number: Mapped[int]  #: 1, 2, 3, … within the implementation
    ordered_by: Mapped[str] = mapped_column(String(255))
    ended_at: Mapped[datetime] = mapped_column(default=utc_now)
    report: Mapped[dict[str, Any]]  #: names no attendee


class RehearsalExample(Base):
    """The person, session and moment of one run, as the example of one row of the report."""

    __tablename__ = "rehearsal_examples"
    __table_args__ = (
        ForeignKeyConstraint(
            ["rehearsal_id", "implementation_id"], ["rehearsals.id", "rehearsals.implementation_id"], ondelete="CASCADE"
        ),
        Index(None, "rehearsal_id"),
        Index(None, "user_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    rehearsal_id: Mapped[int] = mapped_column(RowId)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    row: Mapped[str] = mapped_column(String(32))  #: the list of the report and the place in it, such as "messages 0"
    session: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime]  #: what the clock said
    text: Mapped[str] = mapped_column(Text)  #: what this person was shown, or how it failed


@dataclass(frozen=True)
class ExampleDraft:
    """An example as a rehearsal found it; `user` is a subject."""

    row: str
    user: str
    session: str
    at: datetime
    text: str


def keep(
    db: Session, version: Version, report: Mapping[str, Any], examples: Sequence[ExampleDraft], *, by: str
) -> KeptRehearsal:
    """Keep a rehearsal. The caller holds the implementation's lock. Of more than `MOST_KEPT` the oldest are deleted."""
    mine = KeptRehearsal.implementation_id == version.implementation_id
    last = db.scalar(select(func.max(KeptRehearsal.number)).where(mine)) or 0
    kept = KeptRehearsal(
        implementation_id=version.implementation_id,
        version_id=version.id,
        number=last + 1,
        ordered_by=by,
        report=fields.storable(dict(report)),
    )
    db.add(kept)
    db.flush()
    people = select(User.subject, User.id).where(User.implementation_id == version.implementation_id)
    found = {row.subject: row.id for row in db.execute(people.where(User.subject.in_({one.user for one in examples})))}
    for one in examples:
        if one.user in found:
            values = {"row": one.row, "session": one.session, "at": one.at, "text": fields.storable(one.text)}
            db.add(
                RehearsalExample(
                    implementation_id=kept.implementation_id, rehearsal_id=kept.id, user_id=found[one.user], **values
                )
            )
    db.execute(delete(KeptRehearsal).where(mine, KeptRehearsal.number <= kept.number - MOST_KEPT))
    db.flush()
    return kept


def find(db: Session, implementation: Implementation, number: int) -> tuple[KeptRehearsal, Version] | None:
    """Return the rehearsal with this number, which may be any number that somebody typed, and its version."""
    if number > LARGEST_NUMBER:
        return None
    rows = select(KeptRehearsal, Version).join(Version, Version.id == KeptRehearsal.version_id)
    mine = rows.where(KeptRehearsal.implementation_id == implementation.id, KeptRehearsal.number == number)
    found = db.execute(mine).first()
    return None if found is None else (found[0], found[1])


def of_version(db: Session, version: Version) -> list[KeptRehearsal]:
    """Return the rehearsals of a version, the newest first, with their reports."""
    mine = select(KeptRehearsal).where(KeptRehearsal.version_id == version.id)
    return list(db.scalars(mine.order_by(KeptRehearsal.number.desc())))


def count_of_version(db: Session, version: Version) -> int:
    """Return how many rehearsals of a version are kept."""
    return db.scalar(select(func.count()).where(KeptRehearsal.version_id == version.id)) or 0


def examples(db: Session, rehearsal: KeptRehearsal) -> dict[str, tuple[RehearsalExample, User]]:
    """Return the examples that are left, with their people, by row."""
    rows = select(RehearsalExample, User).join(User, User.id == RehearsalExample.user_id)
    found = db.execute(rows.where(RehearsalExample.rehearsal_id == rehearsal.id).options(defer(User.attributes)))
    return {example.row: (example, user) for example, user in found}


def purge(db: Session, now: datetime) -> int:
    """Delete rehearsals that are older than their implementation keeps runs; return how many."""
    deleted = 0
    for id_, days in db.execute(select(Implementation.id, Implementation.keep_runs_days)).all():
        old = select(KeptRehearsal.id).where(
            KeptRehearsal.implementation_id == id_, KeptRehearsal.ended_at < now - timedelta(days=days)
        )
        ids = list(db.scalars(old))
        db.execute(delete(KeptRehearsal).where(KeptRehearsal.id.in_(ids)))
        deleted += len(ids)
    return deleted
