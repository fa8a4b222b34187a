"""Questions that a person has answered with "leave as it is". Such a question does not return unless its scans change.

Every other answer voids scans, which is a row of the ledger, and the question is gone with them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.columns import Base, RowId, utc_now
from records.storage.upsert import insert_missing
from records.tenants.implementations import Implementation

from .attendance_questions import AttendanceQuestion

#: What a decision is known by: kind, badge ID, first and second session, digest of the scans.
DecisionKey = tuple[str, str, str, str, str]


class AttendanceDecision(Base):
    """One question that stays as it is."""

    __tablename__ = "attendance_decisions"
    __table_args__ = (
        UniqueConstraint("implementation_id", "badge_id", "first_session", "second_session", "seen", "kind"),
        CheckConstraint("kind IN ('conflict', 'order')", name="kind"),
        CheckConstraint("length(reason) > 0", name="reason"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(8))
    badge_id: Mapped[str] = mapped_column(String(100))
    first_session: Mapped[str] = mapped_column(String(128))
    second_session: Mapped[str] = mapped_column(String(128))  #: "" for an impossible order
    seen: Mapped[str] = mapped_column(String(64))  #: see `AttendanceQuestion`
    decided_by: Mapped[str] = mapped_column(String(255))
    decided_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text)

    def __repr__(self) -> str:
        return f"<AttendanceDecision {self.id} {self.kind}>"


def find(db: Session, owner: Implementation, question: AttendanceQuestion) -> AttendanceDecision | None:
    """Return the decision about a question with these very scans."""
    kind, badge, first, second, seen = key_of(question)
    mine = select(AttendanceDecision).where(AttendanceDecision.implementation_id == owner.id)
    same = mine.where(
        AttendanceDecision.kind == kind,
        AttendanceDecision.badge_id == badge,
        AttendanceDecision.first_session == first,
        AttendanceDecision.second_session == second,
        AttendanceDecision.seen == seen,
    )
    return db.scalar(same)


def keep(db: Session, owner: Implementation, question: AttendanceQuestion, *, by: str, reason: str) -> None:
    """Keep the decision to leave a question as it is."""
    names = ("kind", "badge_id", "first_session", "second_session", "seen")
    row = dict(zip(names, key_of(question), strict=True))
    who = {"implementation_id": owner.id, "decided_by": by, "decided_at": utc_now(), "reason": reason}
    insert_missing(db, AttendanceDecision, [{**row, **who}])


def forget(db: Session, owner: Implementation, before: datetime) -> None:
    """Delete the decisions of an implementation that were made before a moment."""
    mine = AttendanceDecision.implementation_id == owner.id
    db.execute(delete(AttendanceDecision).where(mine, AttendanceDecision.decided_at < before))


def decided(db: Session, owner: Implementation) -> frozenset[DecisionKey]:
    """Return the keys of all decisions of an implementation."""
    one = AttendanceDecision
    rows = select(one.kind, one.badge_id, one.first_session, one.second_session, one.seen)
    return frozenset(
        (row[0], row[1], row[2], row[3], row[4]) for row in db.execute(rows.where(one.implementation_id == owner.id))
    )


def undecided(questions: Iterable[AttendanceQuestion], known: frozenset[DecisionKey]) -> list[AttendanceQuestion]:
    """Return the questions about which there is no decision."""
    return [each for each in questions if key_of(each) not in known]


def key_of(question: AttendanceQuestion) -> DecisionKey:
    """Return what a decision about this question is known by."""
    return (question.kind.value, question.badge_id, *question.names, question.seen)
