"""Disputes: a person says that what is counted of them at a session is wrong. An organizer answers, and that closes it.

A person has at most one open dispute about a session. What is said belongs to the person and goes with them.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, Select, String, Text, delete, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields
from records.agenda import sessions
from records.columns import Base, RowId, utc_now
from records.errors import RuleViolation
from records.people.users import User
from records.storage.upsert import insert_missing
from records.tenants.implementations import Implementation

#: Characters of what a person says, and of the answer.
LONGEST: Final = 500
#: Open disputes of one person, and disputes of one person about one session, answered ones included.
MOST_OPEN, MOST_ABOUT_ONE = 20, 5
_said = fields.line(LONGEST, empty=False)
_OPEN = "answered_at IS NULL"


class AttendanceDispute(Base):
    """What one person disputes about one session. `answered_at` is None while it is open."""

    __tablename__ = "attendance_disputes"
    __table_args__ = (
        CheckConstraint("length(reason) > 0", name="reason"),
        CheckConstraint("(answered_at IS NULL) = (answer = '')", name="answer"),
        Index(
            "uq_attendance_disputes_open", "user_id", "session_id",
            unique=True, sqlite_where=text(_OPEN), postgresql_where=text(_OPEN),
        ),
        Index(None, "implementation_id", "answered_at"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    session_id: Mapped[str] = mapped_column(String(128))
    badge_id: Mapped[str] = mapped_column(String(100))  #: of the person at that time; "" without one
    reason: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(255), default="", server_default="")
    answer: Mapped[str] = mapped_column(Text, default="", server_default="")

    def __repr__(self) -> str:
        return f"<AttendanceDispute {self.id}>"  # a log is no place for what a person says


def make(db: Session, owner: Implementation, user: User, session_id: str, reason: str) -> AttendanceDispute | None:
    """Store a dispute; returns None if one about this session is open. Raises RuleViolation with every fault."""
    given = fields.checked({"reason": _said}, {"reason": reason})
    if sessions.find_any(db, owner, session_id) is None:
        raise RuleViolation("session", "is not a session of the agenda")
    if find_open(db, user, session_id) is not None:
        return None
    _refuse_too_many(db, user, session_id)
    row = {
        "implementation_id": owner.id,
        "user_id": user.id,
        "session_id": session_id,
        "badge_id": user.badge_id,
        "reason": given["reason"],
        "made_at": utc_now(),
        "answer": "",
        "answered_by": "",
    }
    insert_missing(db, AttendanceDispute, [row])
    return find_open(db, user, session_id)


def answer(db: Session, dispute: AttendanceDispute, words: str, *, by: str) -> bool:
    """Answer a dispute, which closes it; returns False if it was answered already. Raises RuleViolation without an answer."""
    given = fields.checked({"answer": _said}, {"answer": words})
    if dispute.answered_at is not None:
        return False
    dispute.answer, dispute.answered_by, dispute.answered_at = given["answer"], by, utc_now()
    db.flush()
    return True


def forget_answered(db: Session, owner: Implementation, before: datetime) -> None:
    """Delete the disputes of an implementation that were answered before a moment."""
    mine = AttendanceDispute.implementation_id == owner.id
    db.execute(delete(AttendanceDispute).where(mine, AttendanceDispute.answered_at < before))


def find(db: Session, owner: Implementation, number: int) -> AttendanceDispute | None:
    """Return the implementation's dispute with this number."""
    mine = select(AttendanceDispute).where(AttendanceDispute.implementation_id == owner.id)
    return db.scalar(mine.where(AttendanceDispute.id == number).execution_options(populate_existing=True))


def find_open(db: Session, user: User, session_id: str) -> AttendanceDispute | None:
    """Return a person's open dispute about a session."""
    theirs = select(AttendanceDispute).where(
        AttendanceDispute.user_id == user.id, AttendanceDispute.answered_at.is_(None)
    )
    return db.scalar(theirs.where(AttendanceDispute.session_id == session_id))


def of_user(db: Session, user: User) -> list[AttendanceDispute]:
    """Return a person's disputes, the newest first."""
    theirs = select(AttendanceDispute).where(AttendanceDispute.user_id == user.id)
    return list(db.scalars(theirs.order_by(AttendanceDispute.id.desc())))


def count_open(db: Session, owner: Implementation) -> int:
    """Return how many disputes wait for an answer."""
    return db.scalar(_open(owner, func.count())) or 0


def every_open(db: Session, owner: Implementation, *, limit: int = 100) -> list[tuple[AttendanceDispute, User]]:
    """Return the disputes that wait for an answer with their people, the oldest first."""
    rows = select(AttendanceDispute, User).join(User, User.id == AttendanceDispute.user_id)
    mine = rows.where(AttendanceDispute.implementation_id == owner.id, AttendanceDispute.answered_at.is_(None))
    return [(row[0], row[1]) for row in db.execute(mine.order_by(AttendanceDispute.id).limit(limit))]


def badges_disputed(db: Session, owner: Implementation) -> frozenset[str]:
    """Return the badge IDs of open disputes: those that people had then, and those that they have now."""
    rows = _open(owner, AttendanceDispute.badge_id, User.badge_id).join(User, User.id == AttendanceDispute.user_id)
    return frozenset(badge for row in db.execute(rows) for badge in row if badge)


def _open(owner: Implementation, *what: Any) -> Select[Any]:
    return select(*what).where(AttendanceDispute.implementation_id == owner.id, AttendanceDispute.answered_at.is_(None))


def _refuse_too_many(db: Session, user: User, session_id: str) -> None:
    is_open, is_here = AttendanceDispute.answered_at.is_(None), AttendanceDispute.session_id == session_id
    counts = select(func.count().filter(is_open), func.count().filter(is_here))
    opened, about = db.execute(counts.where(AttendanceDispute.user_id == user.id)).one()
    if opened >= MOST_OPEN:
        raise RuleViolation("reason", f"cannot be sent: {MOST_OPEN} of yours wait for an answer")
    if about >= MOST_ABOUT_ONE:
        raise RuleViolation(
            "reason", "cannot be sent: you have written about this session several times. Ask the organizer"
        )
