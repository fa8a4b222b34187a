"""Replayed runs: in which earlier runs a submitted text would have shown something else. Each row goes with its run.

Runs that would show the same are only counted, in the results of the submission.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, String, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields
from records.columns import Base, RowId
from records.scripts.runs import Run
from records.scripts.submissions import Submission
from records.storage.upsert import insert_missing

#: The kinds of rows, the most important first: names of the lists of a replay.
KINDS: Final = ("begins_to_fail", "changed", "stops_failing", "fails_in_both", "not_comparable")
#: Rows that one statement writes.
_STEP = 500


class ReplayedRun(Base):
    """One earlier run, and what the submitted text would have shown instead."""

    __tablename__ = "replayed_runs"
    __table_args__ = (
        ForeignKeyConstraint(
            ["submission_id", "implementation_id"],
            ["submissions.id", "submissions.implementation_id"],
            ondelete="CASCADE",
        ),
        Index(None, "submission_id", "place"),
        Index(None, "run_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    submission_id: Mapped[int] = mapped_column(RowId)
    run_id: Mapped[str] = mapped_column(String(64), ForeignKey("runs.id", ondelete="CASCADE"))
    place: Mapped[int]  #: 1, 2, 3, … by kind, then the newest run first
    kind: Mapped[str] = mapped_column(String(16))
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    why: Mapped[str] = mapped_column(String(200))  #: why it is not comparable


@dataclass(frozen=True)
class ResultsOfPerson:
    """What one row has: whose run it was, what the run was given of that person, and the results before and after."""

    user: str
    values: Mapping[str, Any]
    results: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class ReplayFilter:
    """Which rows are wanted; None means any. `after`: only rows after this place."""

    kind: str | None = None
    user: str | None = None
    session: str | None = None
    after: int = 0


def keep(db: Session, submission: Submission, lists: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Keep the lists of a replay in place of those before. Rows of runs that are gone by now are left out."""
    db.execute(delete(ReplayedRun).where(ReplayedRun.submission_id == submission.id))
    rows = [(kind, row) for kind in KINDS for row in lists.get(kind, ())]
    for start in range(0, len(rows), _STEP):
        step = list(enumerate(rows, 1))[start : start + _STEP]
        mine = select(Run.id).where(Run.implementation_id == submission.implementation_id)
        known = set(db.scalars(mine.where(Run.id.in_([row["run"] for _, (_, row) in step]))))
        insert_missing(db, ReplayedRun, [_values(submission, *one) for one in step if one[1][1]["run"] in known])


def page(
    db: Session, submission: Submission, wanted: ReplayFilter | None = None, *, limit: int
) -> list[tuple[ReplayedRun, Run]]:
    """Return the rows that pass the filter, in the order of their places, each with its run."""
    wanted = wanted or ReplayFilter()
    rows = select(ReplayedRun, Run).join(Run, Run.id == ReplayedRun.run_id)
    rows = rows.where(ReplayedRun.submission_id == submission.id, ReplayedRun.place > wanted.after)
    if wanted.kind is not None:
        rows = rows.where(ReplayedRun.kind == wanted.kind)
    for column, value in ((Run.user, wanted.user), (Run.session, wanted.session)):
        rows = rows if value is None else rows.where(column == value)
    return [(row, run) for row, run in db.execute(rows.order_by(ReplayedRun.place).limit(limit))]


def results(db: Session, submission: Submission) -> Iterator[ResultsOfPerson]:
    """Yield what every row of a replay has."""
    columns = (Run.user, Run.given, ReplayedRun.before, ReplayedRun.after)
    rows = select(*columns).join(Run, Run.id == ReplayedRun.run_id).where(ReplayedRun.submission_id == submission.id)
    for user, given, before, after in db.execute(rows):
        yield ResultsOfPerson(user, (given or {}).get("user") or {}, tuple(one for one in (before, after) if one))


def counts(db: Session, submission: Submission) -> dict[str, int]:
    """Return how many rows of each kind are still kept."""
    rows = select(ReplayedRun.kind, func.count()).where(ReplayedRun.submission_id == submission.id)
    return {kind: count for kind, count in db.execute(rows.group_by(ReplayedRun.kind))}  # noqa: C416 - a row is no tuple to the type checker


def _values(submission: Submission, place: int, row: tuple[str, Mapping[str, Any]]) -> dict[str, Any]:
    kind, told = row
    return {
        "implementation_id": submission.implementation_id,
        "submission_id": submission.id,
        "run_id": told["run"],
        "place": place,
        "kind": kind,
        "before": fields.storable(told.get("before")),
        "after": fields.storable(told.get("after")),
        "why": told.get("why", ""),
    }
