"""The rows of a report, one for each scan that counts, as of a moment. They are read and passed on one by one.

A report names how many rows of the ledger it is about. So it can be made again with the same rows, whatever is scanned or
corrected later; only names that were erased meanwhile are missing then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from records.attendance import scan_queries
from records.attendance.ledger.tables import LedgerEntry, ScanNames
from records.errors import RuleViolation
from records.tenants.implementations import Implementation

#: The columns of a report, in the order in which they stand, with their headings.
COLUMNS: Final = {
    "session": "Session ID",
    "badge": "Badge ID",
    "last_name": "Last Name",
    "first_name": "First Name",
    "time": "Time (UTC)",
    "direction": "Direction",
    "entry": "Read by",
    "staff": "Scanned by",
    "device": "Device",
    "scan": "Scan ID",
}
#: What a report has by default.
USUAL: Final = ("session", "badge", "last_name", "first_name")
NAMES: Final = ("last_name", "first_name")


@dataclass(frozen=True)
class ReportTerms:
    """What a report is about. `entries` is how many rows of the ledger are looked at; `session` "" means the whole event."""

    entries: int
    session: str = ""
    columns: tuple[str, ...] = USUAL

    @property
    def headings(self) -> tuple[str, ...]:
        """The headings of its columns."""
        return tuple(COLUMNS[name] for name in self.columns)


class ReportRow(NamedTuple):
    """One row: its cells in the order of the columns, its badge, and whether its names were erased."""

    cells: tuple[str, ...]
    badge: str
    erased: bool


def columns_named(names: Sequence[str]) -> tuple[str, ...]:
    """Return columns in their order. Raises RuleViolation for one that there is not."""
    unknown = [name for name in names if name not in COLUMNS]
    if unknown or not names:
        raise RuleViolation("columns", f"must be some of {', '.join(COLUMNS)}")
    return tuple(name for name in COLUMNS if name in names)


def entries_at(db: Session, owner: Implementation, as_of: datetime) -> int:
    """Return the number of the last row of the ledger that had arrived at a moment."""
    mine = LedgerEntry.implementation_id == owner.id
    return db.scalar(select(func.max(LedgerEntry.number)).where(mine, LedgerEntry.received_at <= as_of)) or 0


def rows(db: Session, owner: Implementation, terms: ReportTerms) -> Generator[ReportRow, None, None]:
    """Yield the rows, ordered by session ID (code points), corrected time and id."""
    conditions = [LedgerEntry.session_id == terms.session] if terms.session else []
    same = and_(ScanNames.implementation_id == LedgerEntry.implementation_id, ScanNames.number == LedgerEntry.number)
    query = scan_queries.counted(owner, *conditions, as_of=terms.entries)
    more = [LedgerEntry.entry, LedgerEntry.actor, LedgerEntry.device, LedgerEntry.names_hash]
    query = query.add_columns(*more, ScanNames.last_name, ScanNames.first_name)
    query = query.join_from(LedgerEntry, ScanNames, same, isouter=True)
    postgres = db.get_bind().dialect.name == "postgresql"
    order = [each.collate("C") if postgres else each for each in (LedgerEntry.session_id, LedgerEntry.scan_id)]
    query = query.order_by(order[0], LedgerEntry.corrected_at, order[1])
    with db.execute(query.execution_options(yield_per=scan_queries.BATCH)) as found:
        cells = [_CELLS[name] for name in terms.columns]
        for row in found:
            erased = row.last_name is None and row.names_hash != ""
            yield ReportRow(tuple(cell(row) for cell in cells), row.badge_id, erased)


class ReportDigest:
    """The SHA-256 of a report: of its headings and its rows, each as a line of JSON. The format of the file does not matter."""

    def __init__(self, headings: Sequence[str]) -> None:
        self._hash = hashlib.sha256(_line(headings))
        self.rows = 0  #: how many have passed

    def passing(self, rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
        """Yield the rows, and count them in."""
        for cells in rows:
            self._hash.update(_line(cells))
            self.rows += 1
            yield cells

    def __str__(self) -> str:
        return self._hash.hexdigest()


def _line(cells: Sequence[str]) -> bytes:
    return json.dumps(list(cells), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


#: How the cell of each column is made of a row.
_CELLS: Final[dict[str, Callable[[Any], str]]] = {
    "session": lambda row: row.session_id,
    "badge": lambda row: row.badge_id,
    "last_name": lambda row: row.last_name or "",
    "first_name": lambda row: row.first_name or "",
    "time": lambda row: row.corrected_at.astimezone(UTC).isoformat(timespec="seconds"),
    "direction": lambda row: row.direction,
    "entry": lambda row: row.entry,
    "staff": lambda row: row.actor,
    "device": lambda row: row.device,
    "scan": lambda row: row.scan_id,
}
