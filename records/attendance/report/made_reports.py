"""Reports that were made, each an audit entry with its digest and what it is about; and making one, or making it again.

A report names how many rows of the ledger it is about, and what of the agenda and the rules was frozen with it. So it can be
made again with the same rows, whatever is scanned, corrected or set later; only names that were erased meanwhile are missing.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from records.attendance.ledger.tables import LedgerEntry, LedgerHead
from records.audit import AuditEntry
from records.errors import RuleViolation
from records.tenants import implementations
from records.tenants.implementations import Implementation

from . import report_basis, scan_report, session_report
from .report_basis import BasisFacts
from .report_rows import ReportRow
from .report_terms import SCANS, SESSIONS, ReportTerms
from .session_figures import counted

MADE: Final = "attendance.report_made"
#: Why a report cannot be made again.
GONE: Final = "cannot be made again: scans that it is about are not kept any more"
#: Scans of a report that takes longer than a request may.
LARGE: Final = 20_000
#: The rows of each kind.
_ROWS: Final[Mapping[str, ModuleType]] = {SCANS: scan_report, SESSIONS: session_report}


@dataclass(frozen=True)
class BegunReport:
    """A report that can be written: what it is about, and the agenda and rules that are frozen with it."""

    terms: ReportTerms
    facts: BasisFacts

    def rows(self, db: Session, owner: Implementation) -> Generator[ReportRow, None, None]:
        """Yield its rows one by one."""
        found: Generator[ReportRow, None, None] = _ROWS[self.terms.kind].rows(db, owner, self.terms, self.facts)
        return found

    def takes_long(self, db: Session, owner: Implementation) -> bool:
        """Say whether it reads more scans than a request should."""
        scans = counted(owner, self.terms).limit(LARGE + 1).subquery()
        return (db.scalar(select(func.count()).select_from(scans)) or 0) > LARGE


@dataclass(frozen=True)
class MadeReport:
    """A report that was made, as its audit entry says. `number` is that of the entry, `rows` how many it had.

    `first` is the number of the first row that the ledger had then: earlier ones were deleted by the settings for keeping scans.
    """

    terms: ReportTerms
    digest: str
    rows: int
    number: int
    made_at: datetime
    by: str
    first: int = 1

    @property
    def as_of(self) -> datetime:
        """The moment that it is about."""
        return self.terms.as_of


def begin(db: Session, owner: Implementation, terms: ReportTerms) -> BegunReport:
    """Return a report that can be written. `entries` and `basis` of its terms are found here.

    A moment for which a report was made keeps the rows of the ledger, the agenda and the rules of that report.
    Raises RuleViolation for a moment whose scans are not kept any more.
    """
    known = of_moment(db, owner, terms.as_of)
    facts = report_basis.find(db, owner, known.terms.basis) if known and known.terms.basis else None
    facts = facts or report_basis.facts_now(db, owner)
    entries = known.terms.entries if known else entries_at(db, owner, terms.as_of)
    first = first_entry(db, owner)
    if first > 1 and entries < first:
        raise RuleViolation("as_of", "is too early: scans of that time are not kept any more")
    values = {name: getattr(terms, name) for name in ("as_of", "session", "badge", "kind", "columns")}
    return BegunReport(ReportTerms(entries, basis=facts.sha256, **values), facts)


def begin_again(db: Session, owner: Implementation, made: MadeReport) -> BegunReport:
    """Return a report that was made, to be written again.

    Raises RuleViolation if what was frozen with it was changed, or if scans that it was about are not kept any more.
    """
    if is_gone(db, owner, made):
        raise RuleViolation("report", GONE)
    basis = made.terms.basis
    return BegunReport(made.terms, report_basis.find(db, owner, basis) if basis else report_basis.facts_now(db, owner))


def is_gone(db: Session, owner: Implementation, made: MadeReport) -> bool:
    """Say whether rows of the ledger that a report was about are not kept any more."""
    return made.terms.entries >= made.first and first_entry(db, owner) > made.first


def first_entry(db: Session, owner: Implementation) -> int:
    """Return the number of the first row that is kept; without any, that of the next one."""
    kept = db.scalar(select(func.min(LedgerEntry.number)).where(LedgerEntry.implementation_id == owner.id))
    head = db.scalar(select(LedgerHead.entries).where(LedgerHead.implementation_id == owner.id)) or 0
    return kept if kept is not None else head + 1


def entries_at(db: Session, owner: Implementation, as_of: datetime) -> int:
    """Return the number of the last row of the ledger that had arrived at a moment."""
    mine = LedgerEntry.implementation_id == owner.id
    return db.scalar(select(func.max(LedgerEntry.number)).where(mine, LedgerEntry.received_at <= as_of)) or 0


def every(
    db: Session, owner: Implementation, *, limit: int | None = None, before: int | None = None
) -> list[MadeReport]:
    """Return the reports that were made, the newest first; those of a removed implementation with its slug are left out."""
    found = _made_here(owner).where(AuditEntry.number < before) if before else _made_here(owner)
    rows = db.scalars(found.order_by(AuditEntry.number.desc()).limit(limit))
    return [_made(each) for each in rows if implementations.existed_at(owner, each.at)]


def numbered(db: Session, owner: Implementation, number: int) -> MadeReport | None:
    """Return the report whose audit entry has this number."""
    found = db.scalar(_made_here(owner).where(AuditEntry.number == number))
    return _made(found) if found is not None and implementations.existed_at(owner, found.at) else None


def of_digest(db: Session, owner: Implementation, digest: str) -> MadeReport | None:
    """Return the newest report with this digest."""
    found = db.scalars(_made_here(owner).where(AuditEntry.target == digest).order_by(AuditEntry.number.desc()))
    return next((_made(each) for each in found if implementations.existed_at(owner, each.at)), None)


def of_moment(db: Session, owner: Implementation, as_of: datetime) -> MadeReport | None:
    """Return a report of this moment, one with frozen facts if there is any."""
    found = _made_here(owner).where(AuditEntry.detail["as_of"].as_string() == as_of.isoformat())
    same = [_made(each) for each in db.scalars(found) if implementations.existed_at(owner, each.at)]
    return next((each for each in same if each.terms.basis), same[0] if same else None)


def _made_here(owner: Implementation) -> Select[AuditEntry]:
    return select(AuditEntry).where(AuditEntry.implementation == owner.slug, AuditEntry.action == MADE)


def _made(entry: AuditEntry) -> MadeReport:
    detail = entry.detail
    terms = ReportTerms(
        detail["entries"],
        datetime.fromisoformat(detail["as_of"]),
        detail["session"],
        tuple(detail["columns"]),
        badge=detail.get("badge", ""),
        kind=detail.get("kind", SCANS),
        basis=detail.get("basis", ""),
    )
    first = detail.get("first", 1)
    return MadeReport(terms, entry.target, detail["rows"], entry.number, entry.at, entry.actor, first)
