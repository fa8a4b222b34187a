"""Reviews: one person's decision about one submission, and the comments on it. Reviews are never changed.

A decision ends the submission, so there is at most one. It carries the SHA-256 of the text that the reviewer saw.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields
from records.columns import Base, RowId, utc_now
from records.errors import RuleViolation
from records.tenants import script_bounds
from records.tenants.implementations import Implementation

from . import author_tokens, submissions
from .prose_fields import paragraphs
from .states import APPROVED, DECISIONS, SUBMITTED, worded
from .submissions import Submission
from .versions import Version

LONGEST_TEXT = 4000


class Review(Base):
    """One decision. The database refuses to change it."""

    __tablename__ = "reviews"
    __table_args__ = (
        ForeignKeyConstraint(
            ["submission_id", "implementation_id"],
            ["submissions.id", "submissions.implementation_id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("submission_id"),
        CheckConstraint("decision IN ('changes_requested', 'approved', 'rejected')", name="decision"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    submission_id: Mapped[int] = mapped_column(RowId)
    reviewer: Mapped[str] = mapped_column(String(255))
    decision: Mapped[str] = mapped_column(String(32))
    sha256: Mapped[str] = mapped_column(String(64))  #: of the version that was decided about
    public_note: Mapped[str] = mapped_column(Text, default="")
    private_note: Mapped[str] = mapped_column(Text, default="")  #: for reviewers only
    waived: Mapped[list[Any]] = mapped_column(default=list)  #: findings that were accepted: {"finding", "reason"}
    untried_reason: Mapped[str] = mapped_column(
        Text, server_default=""
    )  #: why it was approved before its trial had ended
    at: Mapped[datetime] = mapped_column(default=utc_now)

    def __repr__(self) -> str:
        return f"<Review {self.decision} by {self.reviewer}>"


class ReviewComment(Base):
    """A remark about a submission or about one line of its script."""

    __tablename__ = "review_comments"
    __table_args__ = (
        ForeignKeyConstraint(
            ["submission_id", "implementation_id"],
            ["submissions.id", "submissions.implementation_id"],
            ondelete="CASCADE",
        ),
        CheckConstraint("line IS NULL OR line >= 1", name="line"),
        CheckConstraint("(resolved_at IS NULL) = (resolved_by = '')", name="resolved"),
        Index(None, "submission_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    submission_id: Mapped[int] = mapped_column(RowId)
    line: Mapped[int | None]  #: None: the submission as a whole
    text: Mapped[str] = mapped_column(Text)
    private: Mapped[bool] = mapped_column(default=False)  #: for reviewers only
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime] = mapped_column(default=utc_now)
    resolved_by: Mapped[str] = mapped_column(String(255), default="")
    resolved_at: Mapped[datetime | None]


@dataclass(frozen=True)
class ReviewDecision:
    """What a reviewer decided, about which text, and what they say about it."""

    decision: str  #: one of `states.DECISIONS`
    sha256: str
    public_note: str = ""
    private_note: str = ""
    waived: Sequence[Mapping[str, str]] = field(default=())
    untried_reason: str = ""  #: why it is approved before its trial has ended


@dataclass(frozen=True)
class CommentDraft:
    """A remark as a person writes it."""

    text: str
    line: int | None = None
    private: bool = False


def decide(
    db: Session, implementation: Implementation, submission: Submission, decision: ReviewDecision, *, by: str
) -> Review:
    """Record a decision and move the submission on. The caller holds the implementation's lock.

    1. The values are complete: a decision other than approval has a public note, and a waived finding has a reason.
    2. The submission waits for a decision: it was not decided, withdrawn or superseded meanwhile.
    3. The text that the reviewer saw is the submission's text.
    4. The reviewer is a person, and neither the author of the submission nor of an earlier one with the same text, nor
       the maker of an author token that handed it in.
    5. A suspended version is not approved.
    6. Nothing is approved before its trial has ended, unless the reviewer says why.
    """
    # 1.
    given = fields.checked(_CHECKS, {**vars(decision), "by": by})
    if given["decision"] != APPROVED and not given["public_note"]:
        raise RuleViolation("public_note", "must say what to change, or why the script is rejected")
    # 2.
    db.refresh(submission)
    if submission.state != SUBMITTED:
        raise RuleViolation(
            "submission", f"is {worded(submission.state)} since your page was made: nothing was decided"
        )
    # 3.
    version = db.get_one(Version, submission.version_id, populate_existing=True)
    if given["sha256"] != version.sha256:
        raise RuleViolation("sha256", "is that of another text than this submission's: load the page again")
    # 4.
    if author_tokens.is_token(given["by"]) or given["by"] in submissions.authors_of(db, implementation, version):
        raise RuleViolation("reviewer", "must be another person than the author")
    # 5.
    if given["decision"] == APPROVED and version.suspended_at is not None:
        raise RuleViolation("version", f"is suspended: {version.suspended_reason}")
    # 6.
    if given["decision"] != APPROVED or submissions.is_tried(submission):
        given["untried_reason"] = ""
    elif not given["untried_reason"]:
        raise RuleViolation("untried_reason", "is missing: the trial of this submission has not ended")
    submissions.close(db, submission, given["decision"])
    review = Review(implementation_id=implementation.id, submission_id=submission.id, reviewer=given["by"])
    for name in ("decision", "sha256", "public_note", "private_note", "waived", "untried_reason"):
        setattr(review, name, given[name])
    db.add(review)
    db.flush()
    return review


def of_submission(db: Session, submission: Submission) -> Review | None:
    """Return the decision about a submission, or None."""
    return db.scalar(select(Review).where(Review.submission_id == submission.id))


def comment(db: Session, submission: Submission, draft: CommentDraft, by: str) -> ReviewComment:
    """Add a comment; also after the decision, for the next submission. The caller holds the implementation's lock.

    Raises RuleViolation if the submission has as many as it may have.
    """
    given = fields.checked(_COMMENT_CHECKS, {**vars(draft), "by": by})
    mine = select(func.count()).select_from(ReviewComment).where(ReviewComment.submission_id == submission.id)
    if (db.scalar(mine) or 0) >= script_bounds.MOST_COMMENTS:
        told = f"cannot be added: submission {submission.number} has {script_bounds.MOST_COMMENTS} comments, the most"
        raise RuleViolation("comment", f"{told}. Put what is left into the note of a decision")
    added = ReviewComment(implementation_id=submission.implementation_id, submission_id=submission.id, **given)
    db.add(added)
    db.flush()
    return added


def find_comment(db: Session, submission: Submission, comment_id: int) -> ReviewComment | None:
    """Return the comment on this submission with this number."""
    mine = select(ReviewComment).where(ReviewComment.submission_id == submission.id)
    return db.scalar(mine.where(ReviewComment.id == comment_id))


def resolve(db: Session, comment: ReviewComment, by: str) -> bool:
    """Mark a comment as resolved. Returns False if it is already."""
    if comment.resolved_at is not None:
        return False
    comment.resolved_by, comment.resolved_at = by, utc_now()
    db.flush()
    return True


def comments(db: Session, submission: Submission, *, private: bool) -> list[ReviewComment]:
    """Return the comments on a submission, the oldest first; `private`: also those for reviewers only."""
    mine = select(ReviewComment).where(ReviewComment.submission_id == submission.id)
    mine = mine if private else mine.where(ReviewComment.private.is_(False))
    return list(db.scalars(mine.order_by(ReviewComment.at, ReviewComment.id)))


def _waived(value: Any) -> list[dict[str, str]]:
    found = list(value)
    if len(found) > script_bounds.MOST_WAIVED:
        raise ValueError(f"must be at most {script_bounds.MOST_WAIVED} findings")
    check = fields.line(2000, empty=False)
    good = []
    for one in found:
        if not isinstance(one, Mapping) or one.keys() != {"finding", "reason"}:
            raise ValueError("must be findings, each with its reason")
        good.append({name: str(check(one[name])) for name in ("finding", "reason")})
    return good


_text = paragraphs(LONGEST_TEXT)
_by = fields.line(255, empty=False)
_CHECKS: dict[str, fields.Check] = {
    "decision": fields.one_of(*DECISIONS),
    "sha256": fields.exact(64, empty=False),
    "public_note": _text,
    "private_note": _text,
    "waived": _waived,
    "untried_reason": paragraphs(2000),
    "by": _by,
}
_COMMENT_CHECKS: dict[str, fields.Check] = {
    "text": paragraphs(LONGEST_TEXT, empty=False),
    "line": fields.optional(fields.whole(1, 100_000)),
    "private": fields.flag,
    "by": _by,
}
