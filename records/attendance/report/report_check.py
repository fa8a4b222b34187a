"""Whether a file is a report that was made here, and what the ledger gives for it now."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice, zip_longest
from pathlib import Path

from sqlalchemy.orm import Session

from records.tenants.implementations import Implementation

from . import made_reports, report_files
from .made_reports import MadeReport
from .report_files import Cells
from .report_rows import ReportDigest, ReportRow
from .report_terms import NAMES, ReportTerms


@dataclass(frozen=True)
class ReportCheck:
    """What was found: `made` is None for a file that was not made here, or was changed.

    `erased` is how many people's names were erased since. `differs_at` is the first row that the ledger does not give. `gone`:
    scans that it is about are not kept any more, so only its digest could be compared.
    """

    digest: str
    made: MadeReport | None = None
    erased: int = 0
    differs_at: int | None = None
    gone: bool = False

    @property
    def ok(self) -> bool:
        """Whether the file is what the ledger gives, but for erased people."""
        return self.made is not None and self.differs_at is None


def check(db: Session, owner: Implementation, path: Path) -> ReportCheck:
    """Check a file against the reports that were made and against the ledger. Raises RuleViolation for no report.

    1. Its digest is that of a report that was made here: so nothing in it was changed.
    2. What was frozen with that report is as it was.
    3. The ledger gives the same rows again, but for names that were erased since.
    """
    file = report_files.read(path)
    found = ReportDigest(list(next(file, ())))
    deque(found.passing(file), maxlen=0)
    digest = str(found)
    made = made_reports.of_digest(db, owner, digest)  # 1.
    if made is None:
        return ReportCheck(digest)
    if made_reports.is_gone(db, owner, made):
        return ReportCheck(digest, made, gone=True)
    begun = made_reports.begin_again(db, owner, made)  # 2.
    with closing(begun.rows(db, owner)) as again, closing(report_files.read(path)) as kept:
        return _compared(islice(kept, 1, None), again, ReportCheck(digest, made))  # 3.


def _compared(file: Iterable[Cells], again: Iterable[ReportRow], found: ReportCheck) -> ReportCheck:
    assert found.made is not None
    erased: set[str] = set()
    for number, (kept, row) in enumerate(zip_longest(file, again), start=1):
        if kept is None or row is None or not _is_same(kept, row, found.made.terms):
            return replace(found, differs_at=number)
        erased |= {row.badge} if row.erased and list(kept) != list(row.cells) else set()
    return replace(found, erased=len(erased))


def _is_same(kept: Cells, row: ReportRow, terms: ReportTerms) -> bool:
    if len(kept) != len(row.cells):
        return False
    names = {place for place, name in enumerate(terms.columns) if name in NAMES} if row.erased else set()
    return all(kept[place] == cell for place, cell in enumerate(row.cells) if place not in names)
