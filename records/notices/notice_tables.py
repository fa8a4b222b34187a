"""The tables of notices and mails. A mail stores no text: what it says is decided when it is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from records.columns import Base, RowId, utc_now

#: Characters of what is kept of a mail server's answer.
LONGEST_ERROR = 300

WAITING, SENDING, SENT, FAILED, DROPPED = "waiting", "sending", "sent", "failed", "dropped"
STATES = (WAITING, SENDING, SENT, FAILED, DROPPED)


class NoticeCursor(Base):
    """The one row that says up to which audit entry notices were made. Its lock lets one process make them at a time."""

    __tablename__ = "notice_cursor"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    entries: Mapped[int] = mapped_column(RowId)


class Mail(Base):
    """One mail to one person, about one notice or several of a day."""

    __tablename__ = "mails"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'sending', 'sent', 'failed', 'dropped')", name="state"),
        CheckConstraint("(state = 'sending') = (claimed_until IS NOT NULL)", name="claimed_until"),
        Index(None, "state", "due_at"),
        Index(None, "user_id", "made_at"),
        Index(None, "implementation_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    implementation_id: Mapped[int] = mapped_column(
        ForeignKey("implementations.id", ondelete="CASCADE")
    )  #: the person's
    message_id: Mapped[str] = mapped_column(String(64))  #: left of the @ in Message-ID: the same at every attempt
    daily: Mapped[bool] = mapped_column(default=False)  #: a summary, which notices are added to until it is due
    state: Mapped[str] = mapped_column(String(8), default=WAITING)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    claimed_until: Mapped[datetime | None]  #: after it, the worker that sends it counts as dead
    maybe_sent: Mapped[bool] = mapped_column(default=False)  #: the server may have accepted an earlier attempt
    ended_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(String(LONGEST_ERROR), default="")  #: of the last attempt, or why it was dropped

    def __repr__(self) -> str:
        return f"<Mail {self.id} {self.state}>"


class Notice(Base):
    """What one person was told. `about` makes it unique: the same is told to a person once."""

    __tablename__ = "notices"
    __table_args__ = (
        UniqueConstraint("user_id", "about"),
        Index(None, "user_id", "id"),
        Index(None, "user_id", "read_at"),
        Index(None, "mail_id"),
        Index(None, "at"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    about: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(64))  #: a name of `notice_kinds.TABLE`
    audience: Mapped[str] = mapped_column(String(16))
    values: Mapped[dict[str, Any]]  #: what its words name; people by their keys
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    mail_id: Mapped[int | None] = mapped_column(ForeignKey("mails.id", ondelete="SET NULL"))

    def __repr__(self) -> str:
        return f"<Notice {self.id} {self.kind}>"


class MailChoice(Base):
    """What a person chose for one group of notices; without a row, the group's usual timing holds."""

    __tablename__ = "mail_choices"
    __table_args__ = (CheckConstraint("timing IN ('once', 'daily', 'none')", name="timing"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    group: Mapped[str] = mapped_column("group_name", String(16), primary_key=True)
    implementation_id: Mapped[int] = mapped_column(
        ForeignKey("implementations.id", ondelete="CASCADE")
    )  #: the person's
    timing: Mapped[str] = mapped_column(String(8))
