"""The tables of facts, and of the secrets with which vendors sign what they send."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from records.columns import Base, RowId, utc_now

#: The session of a fact that is about the whole event.
WHOLE_EVENT: Final = ""


class Fact(Base):
    """What a source knows of a user at a session. Without content: it said that it knows nothing."""

    __tablename__ = "facts"
    __table_args__ = (Index(None, "implementation_id", "session", "arrived_at"),)

    user_id: Mapped[int] = mapped_column(RowId, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    session: Mapped[str] = mapped_column(String(128), primary_key=True)  #: its id in the agenda, or WHOLE_EVENT
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    content: Mapped[str | None] = mapped_column(Text)  #: canonical JSON, see `fact_content`
    at: Mapped[datetime]  #: when it was true, as the source says
    arrived_at: Mapped[datetime]  #: when it was last said, by the clock of this service
    source: Mapped[str] = mapped_column(String(8))  #: as in `fact_storage.FactSource`

    def __repr__(self) -> str:
        return f"<Fact {self.user_id} {self.session}>"


class HookSecret(Base):
    """A secret with which a vendor signs what it sends. One that was revoked stays in the list."""

    __tablename__ = "hook_secrets"
    __table_args__ = (Index(None, "implementation_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    sealed_secret: Mapped[bytes | None] = mapped_column(LargeBinary)  #: None once it was revoked
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    ends_at: Mapped[datetime | None]  #: when it ends, because another took its place
    revoked_at: Mapped[datetime | None]

    def __repr__(self) -> str:
        return f"<HookSecret {self.id}>"
