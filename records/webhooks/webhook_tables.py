"""The tables of webhooks: the address of an implementation, and its messages.

A message has no content of its own. It names rows of the ledger, and its body is made from them whenever it is sent, so that
names that were erased meanwhile are in no message, and in no log.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from records.columns import Base, RowId, utc_now

LONGEST_ERROR: Final = 300


class MessageState(StrEnum):
    """What became of a message."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class Webhook(Base):
    """The address that an implementation tells, one at most."""

    __tablename__ = "webhooks"
    __table_args__ = (CheckConstraint("(sealed_old IS NULL) = (old_until IS NULL)", name="old"),)

    implementation_id: Mapped[int] = mapped_column(
        ForeignKey("implementations.id", ondelete="CASCADE"), primary_key=True
    )
    address: Mapped[str] = mapped_column(Text)
    development: Mapped[bool]  #: it may be on this machine
    events: Mapped[list[str]]
    with_names: Mapped[bool]
    sealed_secret: Mapped[bytes] = mapped_column(LargeBinary)
    sealed_old: Mapped[bytes | None] = mapped_column(LargeBinary)  #: the secret before, which signs as well for a while
    old_until: Mapped[datetime | None]
    on_since: Mapped[datetime | None]  #: None: switched off
    off_reason: Mapped[str] = mapped_column(Text)  #: why the service switched it off, or ""
    told_until: Mapped[int] = mapped_column(
        RowId
    )  #: the number of the last row of the ledger of which messages were made
    failing_since: Mapped[datetime | None]
    paused_until: Mapped[datetime | None]  #: after a failure, nothing is tried before


class WebhookMessage(Base):
    """One message, and what became of it. `id` in its header is `message_id`, at each attempt the same."""

    __tablename__ = "webhook_messages"
    __table_args__ = (
        Index(None, "state", "due_at"),
        Index(None, "implementation_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    message_id: Mapped[str] = mapped_column(String(40), unique=True)
    event: Mapped[str] = mapped_column(String(32))
    first_number: Mapped[int] = mapped_column(RowId)  #: of the rows that it tells; 0 for a test
    last_number: Mapped[int] = mapped_column(RowId)
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    tried_until: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(8))
    due_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int]
    status: Mapped[int | None]  #: of the last answer
    error: Mapped[str] = mapped_column(String(LONGEST_ERROR))
    ended_at: Mapped[datetime | None]
