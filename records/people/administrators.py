"""The first administrator's one-time link: how the first person logs in before an identity provider is connected.

It can only be made on the command line. The database stores a hash of it, so that it cannot be used from a backup.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, ForeignKey, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import audit, roles
from records.audit import AuditEntry
from records.columns import Base, RowId, utc_now
from records.tenants import implementations

#: The subject of the person who uses a link. No one else in the staff implementation may have it.
SUBJECT = roles.LINK
#: How long a link works.
LASTS = timedelta(hours=24)


class AdministratorLink(Base):
    """A link. It works until it is used, it expires, or a newer one is made."""

    __tablename__ = "administrator_links"

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))  #: staff's
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


def new_link(db: Session) -> str:
    """Make a link and return its token, which cannot be read again. Earlier links that were not used become invalid."""
    staff = implementations.staff(db)
    token = secrets.token_urlsafe(32)
    db.execute(delete(AdministratorLink).where(AdministratorLink.used_at.is_(None)))
    db.add(
        AdministratorLink(
            implementation_id=staff.id, token_hash=_hash(token), expires_at=utc_now() + LASTS, used_at=None
        )
    )
    db.flush()
    return token


def is_open(db: Session, token: str) -> bool:
    """Say whether a link would work, without using it up, because programs may fetch it to show a preview."""
    now = utc_now()
    usable = select(AdministratorLink.id).where(AdministratorLink.token_hash == _hash(token))
    usable = usable.where(AdministratorLink.used_at.is_(None), AdministratorLink.expires_at > now)
    return db.scalar(usable) is not None


def use_link(db: Session, token: str) -> bool:
    """Use up a link. Returns True for exactly one caller, and only before it expires."""
    now = utc_now()
    using = update(AdministratorLink).where(AdministratorLink.token_hash == _hash(token))
    using = using.where(AdministratorLink.used_at.is_(None), AdministratorLink.expires_at > now)
    # One statement checks and marks it, so that two simultaneous calls cannot both find it unused.
    done: CursorResult[Any] = db.execute(using.values(used_at=now))  # type: ignore[assignment]  # of an UPDATE
    return done.rowcount == 1


def has_signed_in(db: Session) -> bool:
    """Say whether an administrator has logged in to the staff implementation by another method than a link."""
    logins = select(AuditEntry.detail).where(
        AuditEntry.implementation == implementations.STAFF,
        AuditEntry.action == "login",
        AuditEntry.actor != audit.person(implementations.STAFF, SUBJECT),
    )
    return any(roles.ADMINISTRATOR in detail.get("roles", ()) for detail in db.scalars(logins))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
