"""The scans of a ledger as people look through them: with names, and with what voided them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session, aliased

from records.tenants.implementations import Implementation

from .chain import BadgeNames
from .tables import EntryKind, LedgerEntry, ScanNames, is_scan

_VOID = aliased(LedgerEntry)


@dataclass(frozen=True)
class ListedScan:
    """A scan, made or added, with the names that it has (None if they were erased), and the row that voided it."""

    entry: LedgerEntry
    names: BadgeNames | None
    void: LedgerEntry | None

    @property
    def name(self) -> str:
        """The first and the last name; "" without any."""
        return f"{self.names.first_name} {self.names.last_name}".strip() if self.names else ""


@dataclass(frozen=True)
class ScanListQuery:
    """What is listed; "" means any."""

    session: str = ""
    badge: str = ""  #: normalised
    before: int | None = None  #: the number of the last row of the page before


def listed(db: Session, owner: Implementation, query: ScanListQuery, *, limit: int) -> list[ListedScan]:
    """Return scans, voided or not, those that were stored last first."""
    rows = _rows(owner)
    rows = rows.where(LedgerEntry.session_id == query.session) if query.session else rows
    rows = rows.where(LedgerEntry.badge_id == query.badge) if query.badge else rows
    rows = rows.where(LedgerEntry.number < query.before) if query.before is not None else rows
    return _found(db, rows.order_by(LedgerEntry.number.desc()).limit(limit))


def with_ids(db: Session, owner: Implementation, ids: Collection[str]) -> dict[str, ListedScan]:
    """Return the scans with these ids, by id."""
    clean = [each.lower() for each in ids if "\0" not in each]  # PostgreSQL cannot even compare with it
    return {each.entry.scan_id: each for each in _found(db, _rows(owner).where(LedgerEntry.scan_id.in_(clean)))}


def names_of(db: Session, owner: Implementation, badges: Collection[str]) -> dict[str, str]:
    """Return the name on the newest scan that has one, by badge ID."""
    same = and_(ScanNames.implementation_id == LedgerEntry.implementation_id, ScanNames.number == LedgerEntry.number)
    rows = select(LedgerEntry.badge_id, ScanNames.first_name, ScanNames.last_name).join(ScanNames, same)
    mine = rows.where(LedgerEntry.implementation_id == owner.id, LedgerEntry.badge_id.in_(badges))
    named = mine.where(or_(ScanNames.first_name != "", ScanNames.last_name != "")).order_by(LedgerEntry.number)
    return {badge: f"{first} {last}".strip() for badge, first, last in db.execute(named)} if badges else {}


def _rows(owner: Implementation) -> Select[LedgerEntry, ScanNames, LedgerEntry]:
    same = and_(ScanNames.implementation_id == LedgerEntry.implementation_id, ScanNames.number == LedgerEntry.number)
    voids = and_(
        _VOID.implementation_id == LedgerEntry.implementation_id,
        _VOID.scan_id == LedgerEntry.scan_id,
        _VOID.kind == EntryKind.VOID,
    )
    rows = select(LedgerEntry, ScanNames, _VOID).outerjoin(ScanNames, same).outerjoin(_VOID, voids)
    return rows.where(LedgerEntry.implementation_id == owner.id, is_scan())


def _found(db: Session, rows: Select[LedgerEntry, ScanNames, LedgerEntry]) -> list[ListedScan]:
    return [
        ListedScan(entry, BadgeNames(names.last_name, names.first_name, names.completed) if names else None, void)
        for entry, names, void in db.execute(rows)
    ]
