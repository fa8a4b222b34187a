"""Checking a ledger: each row, its names, its head and its anchors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from records.audit import ChainHead
from records.tenants.implementations import Implementation

from . import anchors, removal
from .chain import entry_hash, names_hash
from .tables import EntryKind, LedgerEntry, LedgerHead, ScanNames

#: Rows that are read at once.
BATCH = 1000
#: The head of a ledger without rows.
NOTHING = ChainHead()


@dataclass(frozen=True)
class LedgerVerification:
    """What `verify` found. `broken_at` is the number of the first row that is not as it was written."""

    ok: bool
    entries: int  #: how many are unchanged, up to the first broken one, with those that were removed
    broken_at: int | None = None
    reason: str = ""
    head: ChainHead = NOTHING


def verify(db: Session, owner: Implementation) -> LedgerVerification:
    """Check the ledger of an implementation, from the first row to the head.

    If its first rows are kept no longer, the audit says so, with the hash from which the rest goes on.

    1. Numbers follow each other: a gap is a row that was removed.
    2. Each row has the hash of the one before, and its own hash matches its content.
    3. Its names match what it commits to. They are missing only if a later row says that they were erased, and then they
       are not there. A row that commits to no names has none.
    4. Where an anchor is, the hash is that of the anchor.
    5. The head has the number of rows and the last hash, there is no row after it, and it knows the newest anchor.

    That the anchors themselves are unchanged is checked by `records.audit.verify`.
    """
    checks = _RowChecks.of(db, owner)
    head, number = checks.head, checks.removed
    if checks.previous is None:
        return LedgerVerification(False, 0, number, "it is missing, and no removal is on record", head)
    for number, row in enumerate(_walk(db, owner, head.entries, reached=checks.removed), start=checks.removed + 1):
        fault = checks.fault(row, number)  # 1. to 4.
        if fault:
            return LedgerVerification(False, number - 1, number, fault, head)
    fault, place = checks.end_fault(number)  # 5.
    if fault:
        return LedgerVerification(False, min(number, place - 1), place, fault, head)
    return LedgerVerification(True, number, head=head)


@dataclass
class _RowChecks:
    """What is known while the rows pass."""

    head: ChainHead
    last: int  #: the highest number of a row
    anchored: int  #: as the head says
    anchors: dict[int, str]  #: number of a row -> its hash, as the anchor says
    erased: dict[str, int]  #: badge ID -> the number of the last row that says that its names were erased
    removed: int  #: how many of the first rows are kept no longer
    previous: str | None  #: None if no removal of these rows is on record

    @classmethod
    def of(cls, db: Session, owner: Implementation) -> _RowChecks:
        # The last number is read before the head, so that rows that are appended meanwhile are never after the head.
        mine = LedgerEntry.implementation_id == owner.id
        last = db.scalar(select(func.max(LedgerEntry.number)).where(mine)) or 0
        row = db.scalar(
            select(LedgerHead).where(LedgerHead.implementation_id == owner.id).execution_options(populate_existing=True)
        )
        removed = row.removed if row else 0
        kept = removal.on_record(db, owner, removed) if removed else ChainHead()
        erasures = select(LedgerEntry.badge_id, func.max(LedgerEntry.number))
        erasures = erasures.where(mine, LedgerEntry.kind == EntryKind.ERASED).group_by(LedgerEntry.badge_id)
        return cls(
            head=ChainHead(row.entries, row.hash) if row else ChainHead(),
            last=last,
            anchored=row.anchored if row else 0,
            anchors={each.entries: each.hash for each in anchors.every(db, owner)},
            erased={row[0]: row[1] for row in db.execute(erasures)},
            removed=removed,
            previous=kept.hash if kept else None,
        )

    def fault(self, row: Any, number: int) -> str:
        """Return what is wrong with a row (a mapping of its columns and of those of its names)."""
        if row["number"] != number:
            return "it is missing"
        if row["previous"] != self.previous:
            return "it does not follow the row before it"
        if row["hash"] != entry_hash(row):
            return "its content is not what was written"
        fault = self._names_fault(row)
        if not fault and self.anchors.get(number, row["hash"]) != row["hash"]:
            fault = "another hash was anchored for it"
        self.previous = row["hash"]
        return fault

    def _names_fault(self, row: Any) -> str:
        kept, erased = row["salt"] is not None, self.erased.get(row["badge_id"], 0) > row["number"]
        if not row["names_hash"]:
            return "it has names that were not written with it" if kept else ""
        if kept and erased:
            return "its names are there although they were erased"
        if kept:
            return "" if names_hash(row) == row["names_hash"] else "its names are not what was written"
        return "" if erased else "its names are missing, and no erasure is on record"

    def end_fault(self, number: int) -> tuple[str, int]:
        """Return what is wrong with the end, and the number of the row that it is about; `number` rows are there."""
        noted = max(self.anchors, default=0)
        if number == self.head.entries and self.previous != self.head.hash:
            return "it is not the row that was written last", max(number, 1)
        if number < max(self.head.entries, noted):
            return "it is missing", number + 1
        if number < self.last:
            return "it is after the row that was written last", number + 1
        if self.anchored != noted:
            return "the anchor that is known of it is not among the audit entries", self.anchored
        return "", 0


def _walk(db: Session, owner: Implementation, last: int, *, reached: int = 0) -> Iterator[Any]:
    """Yield the rows after the one that was reached, with their names in order, a batch at a time, as plain mappings."""
    entry, names = LedgerEntry.__table__.c, ScanNames.__table__.c
    beside = [names[name] for name in ("salt", "last_name", "first_name", "completed")]
    same = and_(names.implementation_id == entry.implementation_id, names.number == entry.number)
    rows = select(*entry, *beside).join_from(LedgerEntry.__table__, ScanNames.__table__, same, isouter=True)
    rows = rows.where(entry.implementation_id == owner.id, entry.number <= last).order_by(entry.number).limit(BATCH)
    while True:
        batch = db.execute(rows.where(entry.number > reached)).mappings().all()
        yield from batch
        if len(batch) < BATCH:
            return
        reached = batch[-1]["number"]
