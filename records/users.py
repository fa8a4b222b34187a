"""Users: the people an implementation's identity provider knows, as it described them when they last came.

Nothing here signs anybody in. A row is what was last seen of a person, so that a script can be told about them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from . import fields
from .columns import Base, RowId, utc_now
from .implementations import Implementation
from .upsert import insert_missing


class User(Base):
    """A person of one implementation. `subject` is what scripts see as `user.id`."""

    __tablename__ = "users"
    __table_args__ = (
        UniqueConstraint("implementation_id", "subject"),
        Index(None, "implementation_id", "badge_id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    subject: Mapped[str] = mapped_column(String(255))
    username: Mapped[str] = mapped_column(String(255), default="")
    user_type: Mapped[str] = mapped_column(String(100), default="")
    first_name: Mapped[str] = mapped_column(String(200), default="")
    last_name: Mapped[str] = mapped_column(String(200), default="")
    badge_id: Mapped[str] = mapped_column(String(100), default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    last_seen_at: Mapped[datetime] = mapped_column(default=utc_now)

    def __repr__(self) -> str:
        return f"<User {self.id}>"  # a log is no place for a person's name


@dataclass(frozen=True)
class Profile:
    """What the identity provider says about a person."""

    username: str = ""
    user_type: str = ""
    first_name: str = ""
    last_name: str = ""
    badge_id: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)


def find(db: Session, implementation: Implementation, subject: str) -> User | None:
    """Return the implementation's user with this subject."""
    mine = select(User).where(User.implementation_id == implementation.id)
    return db.scalar(mine.where(User.subject == subject))


def every(db: Session, implementation: Implementation, *, limit: int = 100) -> list[User]:
    """Return users of an implementation, those seen last first."""
    mine = select(User).where(User.implementation_id == implementation.id)
    return list(db.scalars(mine.order_by(User.last_seen_at.desc(), User.id).limit(limit)))


def seen(
    db: Session, implementation: Implementation, subject: str, profile: Profile, *, at: datetime | None = None
) -> User:
    """Remember a person as just described, replacing what was known before. Raises Refused with every fault."""
    values = fields.checked(_CHECKS, {"subject": subject, **vars(profile)})
    values["last_seen_at"] = at or utc_now()
    insert_missing(db, User, [{"implementation_id": implementation.id, **values}])
    mine = select(User).where(User.implementation_id == implementation.id, User.subject == values["subject"])
    user = db.scalars(mine.with_for_update().execution_options(populate_existing=True)).one()
    for name, value in values.items():
        setattr(user, name, value)
    db.flush()
    return user


_CHECKS: dict[str, fields.Check] = {
    "subject": fields.line(255, empty=False),
    "username": fields.line(255),
    "user_type": fields.line(100),
    "first_name": fields.line(200),
    "last_name": fields.line(200),
    "badge_id": fields.line(100),
    "attributes": fields.json_object(64 * 1024),
}
