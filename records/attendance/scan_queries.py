"""Reading the scans that count: those that are not voided, and are not of a test badge."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import BindParameter, ColumnElement, Connection, Integer, Select, and_, bindparam, exists, func, select
from sqlalchemy.orm import Session, aliased

from records.tenants.implementation_settings import IN_AND_OUT
from records.tenants.implementations import Implementation

from .badge_formats.badge_format import TEST_BADGE
from .ledger.tables import EntryKind, LedgerEntry, ScanNames
from .minutes import AttendanceRules, BadgeScan

#: Rows that are fetched at once.
BATCH: Final = 2000
SCANS: Final = (EntryKind.SCAN, EntryKind.ADDED)


class CountedScan(NamedTuple):
    """A scan that counts."""

    number: int
    scan_id: str
    session_id: str
    badge_id: str
    direction: str
    corrected_at: datetime

    @property
    def of_badge(self) -> BadgeScan:
        """The same for the computing of minutes."""
        return BadgeScan(self.scan_id, self.corrected_at, self.direction)


def counted(owner: Implementation, *conditions: ColumnElement[bool], as_of: int | None = None) -> Select[Any]:
    """Return the query for scans that count; `as_of` is the number of the last row of the ledger that is looked at."""
    return _counted(owner.id, *conditions, as_of=as_of)


def _counted(
    owner: int | BindParameter[int], *conditions: ColumnElement[bool], as_of: int | None = None
) -> Select[Any]:
    void = aliased(LedgerEntry)
    voids = [void.implementation_id == owner, void.kind == EntryKind.VOID, void.scan_id == LedgerEntry.scan_id]
    bounds = [] if as_of is None else [LedgerEntry.number <= as_of]
    voids += [] if as_of is None else [void.number <= as_of]
    columns = [getattr(LedgerEntry, name) for name in CountedScan._fields]
    return select(*columns).where(
        LedgerEntry.implementation_id == owner,
        LedgerEntry.kind.in_(SCANS),
        of_no_test_badge(),
        ~exists().where(and_(*voids)),
        *bounds,
        *conditions,
    )


def of_no_test_badge() -> ColumnElement[bool]:
    """Return the condition that a row is of no test badge. Not by LIKE: in SQLite, capital and small letters are the same to it."""
    found: ColumnElement[bool] = func.substr(LedgerEntry.badge_id, 1, len(TEST_BADGE)) != TEST_BADGE
    return found


def at_sessions(
    db: Session | Connection, owner: Implementation, sessions: Collection[str], badges: Collection[str] | None = None
) -> Iterator[CountedScan]:
    """Yield the scans that count at these sessions, of all badges or of some."""
    conditions = [LedgerEntry.session_id.in_(sessions)]
    conditions += [] if badges is None else [LedgerEntry.badge_id.in_(badges)]
    for row in db.execute(counted(owner, *conditions).execution_options(yield_per=BATCH)):
        yield CountedScan(*row)


#: Selects the scans for `of_badge`. It is built once, because every run of a user with a badge reads it.
_OF_BADGE: Final = _counted(
    bindparam("owner", type_=Integer),
    LedgerEntry.session_id == bindparam("session"),
    LedgerEntry.badge_id == bindparam("badge"),
)


def of_badge(db: Session | Connection, owner: Implementation, session_id: str, badge: str) -> list[BadgeScan]:
    """Return the scans of one badge at one session that count."""
    rows = db.execute(_OF_BADGE, {"owner": owner.id, "session": session_id, "badge": badge})
    return [CountedScan(*row).of_badge for row in rows]


def rules_of(owner: Implementation) -> AttendanceRules:
    """Return the rules that an implementation has now."""
    names = AttendanceRules.__dataclass_fields__
    return AttendanceRules(**{name: getattr(owner, name) for name in names})


def has_directions(owner: Implementation, session_id: str) -> bool:
    """Say whether people are scanned at this session also when they leave."""
    return (owner.scan_mode == IN_AND_OUT) is not (session_id in owner.scan_mode_exceptions)


class RecentScan(NamedTuple):
    """A scan as the page of a scanner lists it. Names are empty if the badge had none, or if they were erased."""

    badge_id: str
    last_name: str
    first_name: str
    corrected_at: datetime
    direction: str


def newest(db: Session, owner: Implementation, session_id: str, *, most: int) -> list[RecentScan]:
    """Return the newest scans at a session that count, the last that was stored first."""
    same = and_(ScanNames.implementation_id == LedgerEntry.implementation_id, ScanNames.number == LedgerEntry.number)
    names = (ScanNames.last_name, ScanNames.first_name)
    rows = counted(owner, LedgerEntry.session_id == session_id).add_columns(*names).outerjoin(ScanNames, same)
    found = db.execute(rows.order_by(LedgerEntry.number.desc()).limit(most))
    return [
        RecentScan(row.badge_id, row.last_name or "", row.first_name or "", row.corrected_at, row.direction)
        for row in found
    ]


class DeviceScans(NamedTuple):
    """How many scans of a device are stored, voided ones included, and when the last arrived."""

    stored: int
    last_at: datetime


def by_device(db: Session, owner: Implementation) -> dict[str, DeviceScans]:
    """Return what the devices of an implementation have sent, by their names."""
    rows = select(LedgerEntry.device, func.count(), func.max(LedgerEntry.received_at))
    mine = rows.where(LedgerEntry.implementation_id == owner.id, LedgerEntry.kind == EntryKind.SCAN)
    found = db.execute(mine.where(LedgerEntry.device != "").group_by(LedgerEntry.device))
    return {name: DeviceScans(stored, last_at) for name, stored, last_at in found}


def badges_at(db: Session, owner: Implementation, session_id: str) -> int:
    """Return how many different badges were scanned at a session."""
    scans = counted(owner, LedgerEntry.session_id == session_id).subquery()
    return db.scalar(select(func.count(func.distinct(scans.c.badge_id)))) or 0
