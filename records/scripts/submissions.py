"""Submissions: versions that were handed in for review, each with its note and scenarios.

The author of a submission is a person, also where an author token handed it in. An author has at most one undecided
submission of an implementation: a new one supersedes it. A submission that was decided stays as it is. Of those that were
superseded or withdrawn, each author's newest are kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.orm import Mapped, Session, defer, mapped_column, validates

from records import fields
from records.columns import Base, RowId, utc_now
from records.errors import RuleViolation
from records.storage.json_depth import MOST_LEVELS, is_deep
from records.tenants import implementations, script_bounds
from records.tenants.implementations import Implementation

from . import author_tokens
from .deployments import Deployment
from .prose_fields import paragraphs
from .states import APPROVED, DECISIONS, SUBMISSION, SUBMITTED, SUPERSEDED, WITHDRAWN
from .versions import LARGEST_NUMBER, WITHOUT_TEXT, Version

LONGEST_NOTE = 4000
#: What a scenario holds.
SCENARIO = frozenset({"name", "input", "answers", "expected"})


class Submission(Base):
    """One version, handed in for review once."""

    __tablename__ = "submissions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["version_id", "implementation_id"], ["versions.id", "versions.implementation_id"], ondelete="CASCADE"
        ),
        UniqueConstraint("implementation_id", "number"),
        UniqueConstraint("id", "implementation_id"),
        CheckConstraint(SUBMISSION.constraint, name="state"),
        CheckConstraint("number >= 1", name="number"),
        CheckConstraint("(state = 'submitted') = (decided_at IS NULL)", name="decided_at"),
        Index(
            "uq_submissions_undecided",
            "implementation_id",
            "author",
            unique=True,
            sqlite_where=text("state = 'submitted'"),
            postgresql_where=text("state = 'submitted'"),
        ),
        Index(None, "state", "submitted_at"),
        Index(None, "version_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    version_id: Mapped[int] = mapped_column(RowId)
    number: Mapped[int]  #: 1, 2, 3, … within the implementation
    note: Mapped[str] = mapped_column(Text, default="")
    scenarios: Mapped[list[Any]] = mapped_column(default=list)
    submitted_by: Mapped[str] = mapped_column(String(255))
    author: Mapped[str] = mapped_column(String(255))  #: the person; another than `submitted_by` if that is a token
    submitted_at: Mapped[datetime] = mapped_column(default=utc_now)
    state: Mapped[str] = mapped_column(String(32), default=SUBMITTED)
    decided_at: Mapped[datetime | None]  #: since when it is no longer waiting for a decision
    results: Mapped[dict[str, Any] | None]  #: what tests and exploration found
    results_at: Mapped[datetime | None]

    def __repr__(self) -> str:
        return f"<Submission {self.number} {self.state}>"

    @validates("state")
    def _follow(self, _: str, state: str) -> str:
        return SUBMISSION.check(self.state, state)

    @validates(
        *("implementation_id", "version_id", "number", "note", "scenarios", "submitted_by", "author", "submitted_at")
    )
    def _only_once(self, field: str, value: Any) -> Any:
        if inspect(self).persistent:
            raise TypeError(f"a submission's {field} never changes")
        return value


#: Options of a list of submissions with their versions: the large columns are read when they are used, in the session.
WITHOUT_TEXTS = (defer(Submission.scenarios), defer(Submission.results), *WITHOUT_TEXT)


@dataclass(frozen=True)
class SubmissionDraft:
    """What an author hands in beside the script."""

    note: str = ""
    scenarios: Sequence[Mapping[str, Any]] = field(default=())


def submit(
    db: Session, implementation: Implementation, version: Version, draft: SubmissionDraft, by: str
) -> Submission:
    """Hand a version in. The undecided submission of the same author, if there is one, is superseded.

    If that one has the same text, note and scenarios, nothing changes, and it is returned.
    Raises RuleViolation for a foreign or suspended version, and for one that is approved already.
    """
    if version.implementation_id != implementation.id:
        raise RuleViolation("version", "belongs to another implementation")
    given = fields.checked(_CHECKS, {"note": draft.note, "scenarios": draft.scenarios, "by": by})
    implementations.lock(db, implementation)
    db.refresh(version)
    if version.suspended_at is not None:
        raise RuleViolation("version", f"is suspended: {version.suspended_reason}")
    if is_approved(db, version):
        raise RuleViolation("version", f"is approved already: version {version.number} can be deployed")
    author = author_tokens.person_behind(db, implementation, given["by"])
    before = undecided_of(db, implementation, author)
    if before is not None:
        if (before.version_id, before.note, before.scenarios) == (version.id, given["note"], given["scenarios"]):
            return before
        close(db, before, SUPERSEDED)
        _forget_oldest(db, implementation, author)
    mine = select(func.max(Submission.number)).where(Submission.implementation_id == implementation.id)
    submission = Submission(
        implementation_id=implementation.id,
        version_id=version.id,
        number=(db.scalar(mine) or 0) + 1,
        note=given["note"],
        scenarios=given["scenarios"],
        submitted_by=given["by"],
        author=author,
        state=SUBMITTED,
    )
    db.add(submission)
    db.flush()
    return submission


def withdraw(db: Session, implementation: Implementation, submission: Submission, by: str) -> None:
    """Take an undecided submission back. Raises RuleViolation for another author's, and for one that was decided."""
    implementations.lock(db, implementation)
    db.refresh(submission)  # it may have been decided while we waited
    if author_tokens.person_behind(db, implementation, by) != submission.author:
        raise RuleViolation("submission", "can be withdrawn by its author only")
    close(db, submission, WITHDRAWN)


def close(db: Session, submission: Submission, state: str) -> None:
    """Move an undecided submission on. Raises RuleViolation if it was decided meanwhile."""
    submission.state = state
    submission.decided_at = utc_now()
    db.flush()


def keep_results(db: Session, submission: Submission, results: Mapping[str, Any]) -> None:
    """Keep what tests and exploration found, in place of what they found before."""
    submission.results = fields.storable(dict(results))
    submission.results_at = utc_now()
    db.flush()


def is_tried(submission: Submission) -> bool:
    """Say whether the trial of a submission has ended with results."""
    return submission.results is not None


def is_approved(db: Session, version: Version) -> bool:
    """Say whether this version is approved: by the newest decision about any submission of it."""
    decided = select(Submission.state).where(Submission.version_id == version.id, Submission.state.in_(DECISIONS))
    return db.scalar(decided.order_by(Submission.decided_at.desc(), Submission.id.desc()).limit(1)) == APPROVED


def outcomes(db: Session, versions: Collection[Version]) -> dict[int, str]:
    """Return what the reviews of each version came to, by its id; a version that was never handed in is left out.

    It is "approved" if that was the newest decision, and otherwise the state of its newest submission.
    """
    mine = select(Submission.version_id, Submission.state, Submission.decided_at, Submission.id)
    rows = db.execute(
        mine.where(Submission.version_id.in_([each.id for each in versions])).order_by(Submission.id)
    ).all()
    found = {version_id: state for version_id, state, _, _ in rows}
    decided = sorted((row for row in rows if row.state in DECISIONS), key=lambda row: (row.decided_at, row.id))
    newest = {version_id: state for version_id, state, _, _ in decided}
    return found | {version_id: state for version_id, state in newest.items() if state == APPROVED}


def authors_of(db: Session, implementation: Implementation, version: Version) -> frozenset[str]:
    """Return everyone who had a hand in a version: who stored it first, and who handed it in at any time."""
    rows = db.execute(select(Submission.author, Submission.submitted_by).where(Submission.version_id == version.id))
    named = {version.created_by, *(name for row in rows for name in row)}
    return frozenset(named | {author_tokens.person_behind(db, implementation, name) for name in named})


def undecided_of(db: Session, implementation: Implementation, author: str) -> Submission | None:
    """Return the undecided submission of a person."""
    mine = select(Submission).where(Submission.implementation_id == implementation.id, Submission.author == author)
    return db.scalar(mine.where(Submission.state == SUBMITTED))


def find(db: Session, implementation: Implementation, number: int) -> Submission | None:
    """Return the implementation's submission with this number, which may be any number that somebody typed."""
    if number > LARGEST_NUMBER:
        return None
    mine = select(Submission).where(Submission.implementation_id == implementation.id)
    return db.scalar(mine.where(Submission.number == number))


def every(db: Session, implementation: Implementation, *, limit: int = 100) -> list[tuple[Submission, Version]]:
    """Return the submissions of an implementation with their versions, the newest first, as in `WITHOUT_TEXTS`."""
    rows = select(Submission, Version).join(Version, Version.id == Submission.version_id).options(*WITHOUT_TEXTS)
    mine = rows.where(Submission.implementation_id == implementation.id).order_by(Submission.number.desc())
    return [(submission, version) for submission, version in db.execute(mine.limit(limit))]


def newest_scenarios(db: Session, version: Version) -> list[Any]:
    """Return the scenarios of the newest submission of a version; none if it was not handed in."""
    mine = select(Submission.scenarios).where(Submission.version_id == version.id)
    return list(db.scalar(mine.order_by(Submission.number.desc()).limit(1)) or ())


def queue(db: Session, *, limit: int = 200) -> list[tuple[Implementation, Submission, Version]]:
    """Return what waits for a decision in all implementations that are served, the oldest first, as in `WITHOUT_TEXTS`."""
    rows = select(Implementation, Submission, Version).options(*WITHOUT_TEXTS)
    rows = rows.join(Submission, Submission.implementation_id == Implementation.id)
    rows = rows.join(Version, Version.id == Submission.version_id)
    waiting = rows.where(Submission.state == SUBMITTED, Implementation.archived_at.is_(None))
    found = db.execute(waiting.order_by(Submission.submitted_at, Submission.id).limit(limit))
    return [(owner, submission, version) for owner, submission, version in found]


def _forget_oldest(db: Session, implementation: Implementation, author: str) -> None:
    """Remove the texts of an author's superseded and withdrawn submissions but the newest, and with them the submissions.

    A text stays if it was deployed, is suspended, was stored or handed in by somebody else, or is the newest: no number is
    given twice. Then its submission stays, too, because its author must not decide about that text; but not its scenarios.
    """
    mine = select(Submission.id, Submission.version_id, Submission.submitted_by).where(
        Submission.implementation_id == implementation.id,
        Submission.author == author,
        Submission.state.in_((SUPERSEDED, WITHDRAWN)),
    )
    old = db.execute(mine.order_by(Submission.number.desc()).offset(script_bounds.MOST_ENDED)).all()
    if not old:
        return
    ids = {row.id for row in old}
    newest = select(func.max(Version.number)).where(Version.implementation_id == implementation.id).scalar_subquery()
    unused = delete(Version).where(
        Version.id.in_({row.version_id for row in old}),
        Version.created_by.in_({row.submitted_by for row in old}),
        Version.suspended_at.is_(None),
        Version.number < newest,
        Version.id.not_in(select(Deployment.version_id)),
        Version.id.not_in(select(Submission.version_id).where(Submission.id.not_in(ids))),
    )
    db.execute(unused)  # the database removes their submissions with them
    db.execute(update(Submission).where(Submission.id.in_(ids)).values(scenarios=[], results=None))


def checked_scenarios(value: Any) -> list[Any]:
    """Check scenarios as they are stored. Raises ValueError with the reason."""
    found = fields.json_object(script_bounds.SCENARIO_BYTES)({"scenarios": list(value)})["scenarios"]
    if is_deep(found):
        raise ValueError(f"must not be nested deeper than {MOST_LEVELS} levels")
    if len(found) > script_bounds.MOST_SCENARIOS:
        raise ValueError(f"must be at most {script_bounds.MOST_SCENARIOS}")
    for number, scenario in enumerate(found, 1):
        if not isinstance(scenario, dict) or scenario.keys() != SCENARIO or not isinstance(scenario["name"], str):
            raise ValueError(f"must be objects with {', '.join(sorted(SCENARIO))}, and number {number} is not")
    names = [scenario["name"] for scenario in found]
    if len(set(names)) < len(names):
        raise ValueError("must have different names")
    return list(found)


_CHECKS: dict[str, fields.Check] = {
    "note": paragraphs(LONGEST_NOTE),
    "scenarios": checked_scenarios,
    "by": fields.line(255, empty=False),
}
