"""Kept answers: what vendors answered in a run, so that another version can be tried on the same answers.

They are kept only for as many days as the implementation says (`keep_answers_days`, 0 keeps none), and go with their run.
The runner removes other people's data from them; what it passes here is stored as it is, in the form of ANSWERS.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields
from records.columns import Base
from records.scripts.runs import PURGE_STEP, Run, RunRecord
from records.storage.upsert import insert_missing
from records.tenants.implementations import Implementation


class KeptAnswers(Base):
    """The answers of one run."""

    __tablename__ = "kept_answers"
    __table_args__ = (Index(None, "implementation_id", "started_at"),)

    run_id: Mapped[str] = mapped_column(String(64), ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    started_at: Mapped[datetime]  #: of the run
    answers: Mapped[list[Any]]


def keep(db: Session, records: Iterable[RunRecord]) -> int:
    """Keep the answers of runs that have just been recorded; return of how many runs. Those of other runs are dropped."""
    answers = {record.id: record.answers for record in records if record.answers}
    if not answers:
        return 0
    known = db.execute(select(Run.id, Run.implementation_id, Run.started_at).where(Run.id.in_(answers)))
    rows = [
        {
            "run_id": run.id,
            "implementation_id": run.implementation_id,
            "started_at": run.started_at,
            "answers": fields.storable(answers[run.id]),
        }
        for run in known
    ]
    insert_missing(db, KeptAnswers, rows)
    return len(rows)


def of_runs(db: Session, implementation: Implementation, run_ids: Sequence[str]) -> dict[str, list[Any]]:
    """Return the kept answers of an implementation's runs, by their ids. A run without any is left out."""
    mine = select(KeptAnswers).where(KeptAnswers.implementation_id == implementation.id)
    return {row.run_id: row.answers for row in db.scalars(mine.where(KeptAnswers.run_id.in_(run_ids)))}


def purge(db: Session, now: datetime, *, at_most: int = PURGE_STEP) -> int:
    """Delete answers that are older than their implementation keeps them; return how many.

    Call it again, each time in a transaction of its own, until it returns 0.
    """
    deleted = 0
    for id_, days in db.execute(select(Implementation.id, Implementation.keep_answers_days)).all():
        mine = select(KeptAnswers.run_id).where(KeptAnswers.implementation_id == id_)
        old = mine.where(KeptAnswers.started_at < now - timedelta(days=days)).order_by(KeptAnswers.started_at)
        ids = list(db.scalars(old.limit(at_most - deleted)))
        db.execute(delete(KeptAnswers).where(KeptAnswers.run_id.in_(ids)))
        deleted += len(ids)
        if deleted >= at_most:
            break
    return deleted
