"""Devices that scan without a login: each has a token of its own, for some sessions and a window, and can be revoked.

A token is shown once, and only its hash is stored. A revoked one is still known, because scans that were made before its
revocation count when they arrive later.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields
from records.columns import Base, RowId, utc_now
from records.errors import FieldFault
from records.tenants.implementations import Implementation

#: How a token begins.
PREFIX: Final = "ssd_"
#: Devices of one implementation that count.
MOST: Final = 1000
#: Numbers of rows are below it.
_LARGEST: Final = 2**63


class ScanDevice(Base):
    """One device, for ever: a revoked one keeps its name, by which scans are told from others."""

    __tablename__ = "scan_devices"
    __table_args__ = (
        UniqueConstraint("implementation_id", "name"),
        CheckConstraint("length(token_hash) = 64", name="token_hash"),
        CheckConstraint("ends_at > begins_at", name="window"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_by = '')", name="revoked"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(64))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    sessions: Mapped[list[str]]  #: empty: all
    begins_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(255))
    made_at: Mapped[datetime] = mapped_column(default=utc_now)
    revoked_by: Mapped[str] = mapped_column(String(255), default="")
    revoked_at: Mapped[datetime | None]
    code_hash: Mapped[str | None] = mapped_column(String(64), unique=True, index=True)  #: see `device_pairing`
    code_ends_at: Mapped[datetime | None]
    paired_at: Mapped[datetime | None]

    def __repr__(self) -> str:
        return f"<ScanDevice {self.name}>"

    @property
    def counts_until(self) -> datetime:
        """The moment from which on scans made by it do not count."""
        return min(self.ends_at, self.revoked_at) if self.revoked_at else self.ends_at


@dataclass(frozen=True)
class DeviceDraft:
    """A device as a person asks for it. Without sessions it may scan at all."""

    name: str
    begins_at: datetime
    ends_at: datetime
    sessions: tuple[str, ...] = ()


def make(db: Session, owner: Implementation, draft: DeviceDraft, *, by: str) -> tuple[ScanDevice, str]:
    """Make a device; returns its row and the text of its token, which is stored nowhere. Raises RuleViolation with every fault."""
    given = fields.checked(_CHECKS, {"name": draft.name, "sessions": draft.sessions})
    fields.refuse(_faults(db, owner, given["name"], draft))
    text = _new_token()
    device = ScanDevice(
        implementation_id=owner.id,
        **given,
        token_hash=_hash(text),
        begins_at=draft.begins_at,
        ends_at=draft.ends_at,
        made_by=by,
    )
    db.add(device)
    db.flush()
    return device, text


def find_by_token(db: Session, owner: Implementation, text: str) -> ScanDevice | None:
    """Return the device of this implementation with this token, revoked or not: that of another is as one that there is not."""
    device = db.scalar(select(ScanDevice).where(ScanDevice.token_hash == _hash(text)))
    return device if device is not None and device.implementation_id == owner.id else None


def by_name(db: Session, owner: Implementation, name: str) -> ScanDevice | None:
    """Return the implementation's device with this name."""
    mine = select(ScanDevice).where(ScanDevice.implementation_id == owner.id)
    return db.scalar(mine.where(ScanDevice.name == name)) if "\0" not in name else None


def by_number(db: Session, owner: Implementation, number: int) -> ScanDevice | None:
    """Return the implementation's device with this number of its row."""
    mine = select(ScanDevice).where(ScanDevice.implementation_id == owner.id)
    return db.scalar(mine.where(ScanDevice.id == number)) if number < _LARGEST else None


def every(db: Session, owner: Implementation) -> list[ScanDevice]:
    """Return the implementation's devices, the newest first."""
    mine = select(ScanDevice).where(ScanDevice.implementation_id == owner.id)
    return list(db.scalars(mine.order_by(ScanDevice.made_at.desc(), ScanDevice.id.desc())))


def renew_token(device: ScanDevice) -> str:
    """Give a device another token, and return its text. The one before is not known any more."""
    text = _new_token()
    device.token_hash = _hash(text)
    return text


def revoke(db: Session, device: ScanDevice, by: str) -> bool:
    """Revoke a device, for ever; returns False if it was revoked already."""
    if device.revoked_at is not None:
        return False
    device.revoked_at, device.revoked_by = utc_now(), by
    db.flush()
    return True


def _faults(db: Session, owner: Implementation, name: str, draft: DeviceDraft) -> list[FieldFault]:
    faults = []
    if by_name(db, owner, name) is not None:
        faults.append(FieldFault("name", "was given before, and scans are told by it"))
    if draft.ends_at <= draft.begins_at:
        faults.append(FieldFault("ends_at", "must be after begins_at"))
    if sum(device.revoked_at is None for device in every(db, owner)) >= MOST:
        faults.append(FieldFault("name", f"cannot be given: there are {MOST} devices. Revoke one first"))
    return faults


def _new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


_CHECKS: dict[str, fields.Check] = {
    "name": fields.exact(64, empty=False),
    "sessions": fields.each(fields.session_id, 1000),
}
