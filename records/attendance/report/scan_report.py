"""The rows of the report of scans, one for each scan that counts, as of a moment. They are read and passed on one by one."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Select, and_
from sqlalchemy.orm import Session

from records.attendance import scan_queries
from records.attendance.ledger.tables import LedgerEntry, ScanNames
from records.tenants.implementations import Implementation

from .report_basis import BasisFacts
from .report_rows import ReportRow, in_words
from .report_terms import ReportTerms
from .session_figures import SessionFigures, by_code_points, counted, figures

#: What is read of a scan, and the places of what is used more than once.
_READ: Final[tuple[Any, ...]] = (
    *(LedgerEntry.session_id, LedgerEntry.badge_id, ScanNames.last_name, ScanNames.first_name),
    *(LedgerEntry.corrected_at, LedgerEntry.direction, LedgerEntry.entry, LedgerEntry.actor, LedgerEntry.device),
    *(LedgerEntry.scan_id, LedgerEntry.names_hash),
)
_SESSION, _BADGE, _LAST, _SCAN, _NAMES_HASH = 0, 1, 2, 9, 10
#: The columns that need the other scans of the session.
_FIGURED: Final = frozenset({"repeat", "minutes", "attended"})


def rows(db: Session, owner: Implementation, terms: ReportTerms, facts: BasisFacts) -> Generator[ReportRow, None, None]:
    """Yield the rows, ordered by session ID (code points), corrected time and id."""
    cells = [_CELLS[name] for name in terms.columns]
    needs_figures = bool(_FIGURED.intersection(terms.columns))
    with (
        closing(figures(db, owner, terms, facts)) as each_session,  # it asks nothing before its first session
        closing(db.execute(_query(db, owner, terms).execution_options(yield_per=scan_queries.BATCH))) as found,
    ):
        of = SessionFigures("")
        for row in found:
            if of.session != row[_SESSION]:
                of = next(each_session) if needs_figures else SessionFigures(row[_SESSION])
                title = _title(facts, of.session)
            erased = row[_LAST] is None and row[_NAMES_HASH] != ""
            yield ReportRow(tuple([cell(row, of, title) for cell in cells]), row[_BADGE], erased)


def _query(db: Session, owner: Implementation, terms: ReportTerms) -> Select[Any]:
    same = and_(ScanNames.implementation_id == LedgerEntry.implementation_id, ScanNames.number == LedgerEntry.number)
    query = counted(owner, terms).with_only_columns(*_READ).join_from(LedgerEntry, ScanNames, same, isouter=True)
    session, scan = (by_code_points(db, each) for each in (LedgerEntry.session_id, LedgerEntry.scan_id))
    return query.order_by(session, LedgerEntry.corrected_at, scan)


def _title(facts: BasisFacts, session: str) -> str:
    known = facts.sessions.get(session)
    return known.title if known else ""


def _time(row: Any, _: SessionFigures, __: str) -> str:
    at: datetime = row[4]
    return at.astimezone(UTC).isoformat(timespec="seconds")


#: How the cell of each column is made of a row, the figures of its session, and its title. Rows are read by place: by name takes longer.
_CELLS: Final[dict[str, Callable[[Any, SessionFigures, str], str]]] = {
    "session": lambda row, _, __: row[_SESSION],
    "badge": lambda row, _, __: row[_BADGE],
    "last_name": lambda row, _, __: row[_LAST] or "",
    "first_name": lambda row, _, __: row[3] or "",
    "title": lambda _, __, title: title,
    "time": _time,
    "direction": lambda row, _, __: row[5],
    "repeat": lambda row, of, _: "repeat" if row[_SCAN] in of.repeats else "",
    "minutes": lambda row, of, _: in_words(of.people[row[_BADGE]][0]),
    "attended": lambda row, of, _: in_words(of.people[row[_BADGE]][1]),
    "entry": lambda row, _, __: row[6],
    "staff": lambda row, _, __: row[7],
    "device": lambda row, _, __: row[8],
    "scan": lambda row, _, __: row[_SCAN],
}
