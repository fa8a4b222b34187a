"""The people who were scanned, by badge ID, with the names that their newest scan had; and all that the ledger has of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from records import fields
from records.attendance import scan_queries
from records.attendance.ledger.tables import EntryKind, LedgerEntry, ScanNames
from records.tenants.implementations import Implementation


@dataclass(frozen=True)
class ScannedPerson:
    """A badge with its scans that count. Names are empty if the badge had none, or if they were erased."""

    badge_id: str
    scans: int
    sessions: int
    last_name: str = ""
    first_name: str = ""

    @property
    def name(self) -> str:
        """What the person is called; empty if it is not known."""
        return f"{self.first_name} {self.last_name}".strip()

    def matches(self, text: str) -> bool:
        """Say whether badge ID and names contain every word, in any case."""
        whole = fields.folded(f"{self.badge_id} {self.first_name} {self.last_name}")
        return all(word in whole for word in fields.folded(text).split())


@dataclass(frozen=True)
class ScanOnRecord:
    """A scan as the ledger has it: with who made or added it, and, if it was voided, who did that, when and why."""

    entry: LedgerEntry
    void: LedgerEntry | None

    @property
    def is_added(self) -> bool:
        """Whether a person added it, instead of scanning a badge."""
        return self.entry.kind == EntryKind.ADDED


def every(db: Session, owner: Implementation) -> list[ScannedPerson]:
    """Return all people who were scanned, by last name, first name and badge ID."""
    scans = scan_queries.counted(owner).subquery()
    sessions = func.count(func.distinct(scans.c.session_id))
    rows = db.execute(select(scans.c.badge_id, func.count(), sessions).group_by(scans.c.badge_id))
    names = names_of(db, owner)
    found = [ScannedPerson(badge, count, at, *names.get(badge, ("", ""))) for badge, count, at in rows]
    return sorted(found, key=lambda one: (one.last_name.casefold(), one.first_name.casefold(), one.badge_id))


def names_of(
    db: Session, owner: Implementation, *, session: str = "", badges: Sequence[str] = ()
) -> dict[str, tuple[str, str]]:
    """Return last and first name by badge ID, of the newest scan that has names: of all badges, or at a session, or of some."""
    wanted: list[ColumnElement[bool]] = [LedgerEntry.implementation_id == owner.id]
    wanted += [LedgerEntry.session_id == session] if session else []
    wanted += [LedgerEntry.badge_id.in_(badges)] if badges else []
    same = and_(ScanNames.implementation_id == LedgerEntry.implementation_id, ScanNames.number == LedgerEntry.number)
    named = or_(ScanNames.last_name != "", ScanNames.first_name != "")
    newest = (
        select(func.max(LedgerEntry.number)).join(ScanNames, same).where(*wanted, named).group_by(LedgerEntry.badge_id)
    )
    rows = select(LedgerEntry.badge_id, ScanNames.last_name, ScanNames.first_name).join(ScanNames, same)
    rows = rows.where(LedgerEntry.implementation_id == owner.id, LedgerEntry.number.in_(newest))
    return {badge: (last, first) for badge, last, first in db.execute(rows)}


def on_record(db: Session, owner: Implementation, badge: str, *, limit: int) -> list[ScanOnRecord]:
    """Return the scans of a badge, also voided ones, by corrected time: the earliest ones, if there are more."""
    void = aliased(LedgerEntry)
    voids = and_(
        void.implementation_id == LedgerEntry.implementation_id,
        void.kind == EntryKind.VOID,
        void.scan_id == LedgerEntry.scan_id,
    )
    rows = select(LedgerEntry, void).outerjoin(void, voids)
    rows = rows.where(
        LedgerEntry.implementation_id == owner.id,
        LedgerEntry.badge_id == badge,
        LedgerEntry.kind.in_(scan_queries.SCANS),
    )
    found = db.execute(rows.order_by(LedgerEntry.corrected_at, LedgerEntry.scan_id).limit(limit))
    return [ScanOnRecord(entry, voided) for entry, voided in found]
