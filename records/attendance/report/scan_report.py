"""The rows of the report of scans, one for each scan that counts, as of a moment. They are read and passed on one by one."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing
from datetime import UTC
from typing import Any, Final

from sqlalchemy import and_
from sqlalchemy.orm import Session

from records.attendance import scan_queries
from records.attendance.ledger.tables import LedgerEntry, ScanNames
from records.tenants.implementations import Implementation

from .report_basis import BasisFacts
from .report_rows import ReportRow, in_words
from .report_terms import ReportTerms
from .session_figures import SessionFigures, by_code_points, counted, figures

#: The columns that need the other scans of the session.
_FIGURED: Final = frozenset({"repeat", "minutes", "attended"})


def rows(db: Session, owner: Implementation, terms: ReportTerms, facts: BasisFacts) -> Generator[ReportRow, None, None]:
    """Yield the rows, ordered by session ID (code points), corrected time and id."""
    same = and_(ScanNames.implementation_id == LedgerEntry.implementation_id, ScanNames.number == LedgerEntry.number)
    query = counted(owner, terms)
    more = [LedgerEntry.entry, LedgerEntry.actor, LedgerEntry.device, LedgerEntry.names_hash]
    query = query.add_columns(*more, ScanNames.last_name, ScanNames.first_name)
    query = query.join_from(LedgerEntry, ScanNames, same, isouter=True)
    order = [by_code_points(db, each) for each in (LedgerEntry.session_id, LedgerEntry.scan_id)]
    query = query.order_by(order[0], LedgerEntry.corrected_at, order[1])
    cells = [_CELLS[name] for name in terms.columns]
    needs_figures = bool(_FIGURED.intersection(terms.columns))
    with (
        closing(figures(db, owner, terms, facts)) as each_session,  # it asks nothing before its first session
        closing(db.execute(query.execution_options(yield_per=scan_queries.BATCH))) as found,
    ):
        of_session = SessionFigures("")
        for row in found:
            if needs_figures and of_session.session != row.session_id:
                of_session = next(each_session)
            erased = row.last_name is None and row.names_hash != ""
            yield ReportRow(tuple(cell(row, of_session, facts) for cell in cells), row.badge_id, erased)


def _title(row: Any, _: SessionFigures, facts: BasisFacts) -> str:
    known = facts.sessions.get(row.session_id)
    return known.title if known else ""


#: How the cell of each column is made of a row, the figures of its session, and what was frozen.
_CELLS: Final[dict[str, Callable[[Any, SessionFigures, BasisFacts], str]]] = {
    "session": lambda row, _, __: row.session_id,
    "badge": lambda row, _, __: row.badge_id,
    "last_name": lambda row, _, __: row.last_name or "",
    "first_name": lambda row, _, __: row.first_name or "",
    "title": _title,
    "time": lambda row, _, __: row.corrected_at.astimezone(UTC).isoformat(timespec="seconds"),
    "direction": lambda row, _, __: row.direction,
    "repeat": lambda row, of, _: "repeat" if row.scan_id in of.repeats else "",
    "minutes": lambda row, of, _: in_words(of.people[row.badge_id][0]),
    "attended": lambda row, of, _: in_words(of.people[row.badge_id][1]),
    "entry": lambda row, _, __: row.entry,
    "staff": lambda row, _, __: row.actor,
    "device": lambda row, _, __: row.device,
    "scan": lambda row, _, __: row.scan_id,
}
