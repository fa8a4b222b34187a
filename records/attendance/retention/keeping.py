"""What goes by the settings of an implementation, and when: for previews, and for what deletes it.

1. Names on scans go some days after the event. Scans and badge IDs stay, and the ledger says that the names were erased.
2. Scans go some days after the event, with the decisions and answered disputes about them. The audit says where the rest
   of the ledger begins. Those that arrived lately stay, because their devices may send them again.
3. Refused scans go some days after they arrived.
4. Devices go some days after their end or their revocation.

What belongs to a badge about which a person's dispute is open stays until that is answered. Scans go in the order in which
they arrived, so an open dispute keeps all of them. 0 days mean: for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from records.agenda import sessions
from records.attendance.devices import ScanDevice
from records.attendance.ledger import removal
from records.attendance.ledger.tables import LedgerEntry, ScanNames
from records.attendance.questions import disputes
from records.attendance.refused_scans import RefusedScan
from records.attendance.scan_queries import SCANS
from records.tenants.implementation_settings import LEAST_SCAN_DAYS
from records.tenants.implementations import Implementation

#: How long a session lasts at most whose end is not known.
LONGEST_SESSION: Final = timedelta(days=1)
#: Scans that are older than this are refused, so those that arrived before cannot come again.
ARRIVED_LATELY: Final = timedelta(days=LEAST_SCAN_DAYS)


@dataclass(frozen=True)
class KeepingTerms:
    """For how many days each is kept, as the settings of the same names say. 0: for ever."""

    keep_names_days: int = 0
    keep_scans_days: int = 0
    keep_refused_days: int = 0
    keep_devices_days: int = 0

    @classmethod
    def of(cls, values: Implementation | Mapping[str, Any]) -> KeepingTerms:
        """Read them from an implementation, or from values by name."""
        get = values.get if isinstance(values, Mapping) else lambda name: getattr(values, name)
        return cls(**{name: get(name) or 0 for name in cls.__dataclass_fields__})


@dataclass(frozen=True)
class KeepingPreview:
    """One line of a preview: how many there are, how many go now, and when the next go.

    `goes_at` is None if nothing ever goes, or if that is not known. `held` is how many stay because of an open dispute.
    """

    what: str
    days: int
    there: int
    now: int
    goes_at: datetime | None
    held: int = 0


def preview(db: Session, owner: Implementation, terms: KeepingTerms, now: datetime) -> tuple[KeepingPreview, ...]:
    """Return what goes by these terms: names (counted by badges), scans, refused scans, devices."""
    return (
        _names_preview(db, owner, terms.keep_names_days, now),
        _scans_preview(db, owner, terms.keep_scans_days, now),
        _refused_preview(db, owner, terms.keep_refused_days, now),
        _devices_preview(db, owner, terms.keep_devices_days, now),
    )


def event_ends(db: Session, owner: Implementation) -> datetime | None:
    """Return when the last session of the agenda ends; one without a known end lasts for a day. None without an agenda."""
    known = sessions.every(db, owner) or list(sessions.with_retired(db, owner).values())
    ends = (each.ends_at if each.ends_at > each.starts_at else each.starts_at + LONGEST_SESSION for each in known)
    return max(ends, default=None)


def goes_after_event(db: Session, owner: Implementation, days: int) -> datetime | None:
    """Return when goes what is kept for some days after the event; None if it never does."""
    end = event_ends(db, owner) if days else None
    return None if end is None else end + timedelta(days=days)


def badges_with_names(db: Session, owner: Implementation, *, limit: int) -> list[str]:
    """Return badge IDs that have names and no open dispute, in order."""
    held = disputes.badges_disputed(db, owner)
    rows = select(LedgerEntry.badge_id).join(ScanNames, _same()).where(ScanNames.implementation_id == owner.id)
    rows = rows.where(LedgerEntry.badge_id.not_in(held)) if held else rows
    return list(db.scalars(rows.distinct().order_by(LedgerEntry.badge_id).limit(limit)))


def refused_due(db: Session, owner: Implementation, before: datetime) -> ColumnElement[bool]:
    """Return the condition for refused scans that arrived before a moment and have no open dispute."""
    held = disputes.badges_disputed(db, owner)
    old = and_(RefusedScan.implementation_id == owner.id, RefusedScan.received_at < before)
    return and_(old, RefusedScan.badge_id.not_in(held)) if held else old


def devices_due(owner: Implementation, before: datetime) -> ColumnElement[bool]:
    """Return the condition for devices that ended, or were revoked, before a moment."""
    ended = or_(ScanDevice.ends_at < before, ScanDevice.revoked_at < before)
    return and_(ScanDevice.implementation_id == owner.id, ended)


def _names_preview(db: Session, owner: Implementation, days: int, now: datetime) -> KeepingPreview:
    badge = func.distinct(LedgerEntry.badge_id)
    held_badges = disputes.badges_disputed(db, owner)
    counts = select(func.count(badge), func.count(badge).filter(LedgerEntry.badge_id.in_(held_badges)))
    mine = counts.select_from(ScanNames).join(LedgerEntry, _same()).where(ScanNames.implementation_id == owner.id)
    there, held = db.execute(mine).one()
    goes_at = goes_after_event(db, owner, days)
    due = goes_at is not None and goes_at <= now
    return KeepingPreview("names", days, there, there - held if due else 0, goes_at, held if due else 0)


def scans_due(db: Session, owner: Implementation, days: int, now: datetime) -> int:
    """Return the number of the last row of the ledger that goes; 0 if none does."""
    goes_at = goes_after_event(db, owner, days)
    if goes_at is None or goes_at > now or disputes.count_open(db, owner):
        return 0
    return removal.last_before(db, owner, now - ARRIVED_LATELY)


def _scans_preview(db: Session, owner: Implementation, days: int, now: datetime) -> KeepingPreview:
    mine = (LedgerEntry.implementation_id == owner.id, LedgerEntry.kind.in_(SCANS))
    there = db.scalar(select(func.count()).where(*mine)) or 0
    goes_at = goes_after_event(db, owner, days)
    held = disputes.count_open(db, owner) if goes_at is not None and goes_at <= now else 0
    last = scans_due(db, owner, days, now)
    due = db.scalar(select(func.count()).where(*mine, LedgerEntry.number <= last)) or 0 if last else 0
    return KeepingPreview("scans", days, there, due, goes_at, there if held else 0)


def _refused_preview(db: Session, owner: Implementation, days: int, now: datetime) -> KeepingPreview:
    mine = RefusedScan.implementation_id == owner.id
    there, oldest = db.execute(select(func.count(), func.min(RefusedScan.received_at)).where(mine)).one()
    if not days:
        return KeepingPreview("refused scans", days, there, 0, None)
    before = now - timedelta(days=days)
    due = db.scalar(select(func.count()).where(refused_due(db, owner, before))) or 0
    old = db.scalar(select(func.count()).where(mine, RefusedScan.received_at < before)) or 0
    goes_at = oldest + timedelta(days=days) if oldest else None
    return KeepingPreview("refused scans", days, there, due, goes_at, old - due)


def _devices_preview(db: Session, owner: Implementation, days: int, now: datetime) -> KeepingPreview:
    revoked_first = and_(ScanDevice.revoked_at.is_not(None), ScanDevice.revoked_at < ScanDevice.ends_at)
    ended = case((revoked_first, ScanDevice.revoked_at), else_=ScanDevice.ends_at)
    mine = select(func.count(), func.min(ended)).where(ScanDevice.implementation_id == owner.id)
    there, first = db.execute(mine).one()
    if not days:
        return KeepingPreview("devices", days, there, 0, None)
    due = db.scalar(select(func.count()).where(devices_due(owner, now - timedelta(days=days)))) or 0
    return KeepingPreview("devices", days, there, due, first + timedelta(days=days) if first else None)


def _same() -> ColumnElement[bool]:
    return and_(ScanNames.implementation_id == LedgerEntry.implementation_id, ScanNames.number == LedgerEntry.number)
