"""Scans that were refused: kept with the reason, so that nothing is lost and the organizer sees them.

Only the known members are kept, cut and cleaned; a member that is not known leaves neither its name nor its value. The same
refused scan that is sent again is kept once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import CursorResult, ForeignKey, Index, String, UniqueConstraint, and_, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from records import fields
from records.columns import Base, RowId
from records.people import badge_id
from records.storage.upsert import insert_missing
from records.tenants.implementations import Implementation

#: Kept refused scans of one implementation, and of one sender in it, so that a broken or hostile device leaves room for the others.
#: Further ones are answered and not kept.
MOST, MOST_OF_ONE = 100_000, 20_000
#: The members that are kept, with their longest texts.
_KEPT: Final = {
    "id": 64, "session": 128, "badge_id": 100, "last_name": 200, "first_name": 200,
    "scanned_at": 64, "direction": 8, "entry": 16,
}  # fmt: skip


class RefusedScan(Base):
    """One refused scan, as far as it could be read."""

    __tablename__ = "refused_scans"
    __table_args__ = (
        UniqueConstraint("implementation_id", "digest"),
        Index(None, "implementation_id", "badge_id"),
    )

    number: Mapped[int] = mapped_column(RowId, primary_key=True)
    implementation_id: Mapped[int] = mapped_column(ForeignKey("implementations.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64))  #: SHA-256 of what is kept, without the time
    reason: Mapped[str] = mapped_column(String(32))  #: a code of `scan_parsing`
    id: Mapped[str] = mapped_column(String(64))
    session: Mapped[str] = mapped_column(String(128))
    badge_id: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(200))
    first_name: Mapped[str] = mapped_column(String(200))
    scanned_at: Mapped[str] = mapped_column(String(64))
    direction: Mapped[str] = mapped_column(String(8))
    entry: Mapped[str] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(255))
    device: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]

    def __repr__(self) -> str:
        return f"<RefusedScan {self.number} {self.reason}>"


def keep(  # noqa: PLR0913 - what is kept, by name
    db: Session,
    owner: Implementation,
    refused: Sequence[tuple[Any, str]],
    *,
    actor: str,
    device: str,
    received_at: datetime,
) -> None:
    """Keep refused scans, each as it was sent, with the code of its reason."""
    if not refused or not _has_room(db, owner, len(refused), actor=actor, device=device):
        return
    rows = [_row(sent, reason) | {"actor": actor, "device": device} for sent, reason in refused]
    for row in rows:
        row["digest"] = hashlib.sha256(json.dumps(row, sort_keys=True).encode()).hexdigest()
        row |= {"implementation_id": owner.id, "received_at": received_at}
    insert_missing(db, RefusedScan, rows)


def count(db: Session, owner: Implementation) -> int:
    """Return how many refused scans are kept."""
    return db.scalar(select(func.count()).where(RefusedScan.implementation_id == owner.id)) or 0


def recent(
    db: Session,
    owner: Implementation,
    *,
    limit: int = 50,
    before: int | None = None,
    holding: Mapping[str, str] | None = None,
) -> list[RefusedScan]:
    """Return refused scans, the newest first; `before` is the number of the last one of the page before.

    `holding`: texts that `reason`, `session` or `badge_id` must be; "" means any.
    """
    mine = select(RefusedScan).where(RefusedScan.implementation_id == owner.id)
    columns = {"reason": RefusedScan.reason, "session": RefusedScan.session, "badge_id": RefusedScan.badge_id}
    for name, text in (holding or {}).items():
        mine = mine.where(columns[name] == text) if text else mine
    mine = mine if before is None else mine.where(RefusedScan.number < before)
    return list(db.scalars(mine.order_by(RefusedScan.number.desc()).limit(limit)))


def erase(db: Session, owner: Implementation, badge: str) -> int:
    """Delete the refused scans of a normalised badge ID; returns how many there were."""
    theirs = delete(RefusedScan).where(RefusedScan.implementation_id == owner.id, RefusedScan.badge_id == badge)
    done: CursorResult[Any] = db.execute(theirs)  # type: ignore[assignment]  # of a DELETE
    return done.rowcount


def _has_room(db: Session, owner: Implementation, more: int, *, actor: str, device: str) -> bool:
    theirs = and_(RefusedScan.actor == actor, RefusedScan.device == device)
    kept = select(func.count(), func.count().filter(theirs)).where(RefusedScan.implementation_id == owner.id)
    every, of_one = db.execute(kept).one()
    return bool(every + more <= MOST and of_one + more <= MOST_OF_ONE)


def _row(sent: Any, reason: str) -> dict[str, Any]:
    values: Mapping[str, Any] = sent if isinstance(sent, Mapping) else {}
    row = {name: _text(values.get(name), longest) for name, longest in _KEPT.items()}
    return row | {"badge_id": badge_id.normalised(row["badge_id"])[:100], "reason": reason}


def _text(value: Any, longest: int) -> str:
    if not isinstance(value, str):
        return ""
    clean = str(fields.storable(value[:longest]))
    return "".join(each if each.isprintable() else "\ufffd" for each in clean)
