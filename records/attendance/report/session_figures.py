"""The figures of sessions that a report needs, one session at a time: repeats, minutes and who attended.

The scans are read in the order of sessions and badges, so only one badge's scans are in memory, and of one session the
result for each of its people.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import Session

from records.attendance import scan_queries
from records.attendance.ledger.tables import LedgerEntry
from records.attendance.minutes import BadgeScan, SessionRules, attendance, attended_until, minutes_until
from records.tenants.implementations import Implementation

from .report_basis import BasisFacts
from .report_terms import ReportTerms


@dataclass
class SessionFigures:
    """The figures of one session as of the moment of a report.

    `people` has the minutes of each badge and whether it attended; None is what is not known. `repeats` are ids of scans.
    """

    session: str
    scans: int = 0
    repeats: set[str] = field(default_factory=set)
    people: dict[str, tuple[int | None, bool | None]] = field(default_factory=dict)

    @property
    def attended(self) -> int:
        """How many people attended."""
        return sum(1 for _, attended in self.people.values() if attended)

    @property
    def minutes(self) -> int:
        """The minutes of all people, as far as they are known."""
        return sum(minutes or 0 for minutes, _ in self.people.values())


_READ: Final = (
    *(LedgerEntry.session_id, LedgerEntry.badge_id, LedgerEntry.scan_id, LedgerEntry.corrected_at),
    LedgerEntry.direction,
)
#: Of a session that was not on the agenda: it has no minutes.
_UNKNOWN: Final = SessionRules(datetime.min.replace(tzinfo=UTC), None)


def figures(
    db: Session, owner: Implementation, terms: ReportTerms, facts: BasisFacts
) -> Generator[SessionFigures, None, None]:
    """Yield the figures of each session that has scans, ordered by session ID (code points)."""
    query = counted(owner, terms).with_only_columns(*_READ)
    query = query.order_by(by_code_points(db, LedgerEntry.session_id), by_code_points(db, LedgerEntry.badge_id))
    with closing(db.execute(query.execution_options(yield_per=scan_queries.BATCH))) as found:
        for session, rows in groupby(found, itemgetter(0)):
            yield _figures(session, rows, terms, facts)


def counted(owner: Implementation, terms: ReportTerms) -> Select[Any]:
    """Return the query for the scans that a report is about."""
    conditions = [LedgerEntry.session_id == terms.session] if terms.session else []
    conditions += [LedgerEntry.badge_id == terms.badge] if terms.badge else []
    return scan_queries.counted(owner, *conditions, as_of=terms.entries)


def by_code_points(db: Session, column: Any) -> ColumnElement[Any]:
    """Return a column to order by, so that both databases give one order."""
    found: ColumnElement[Any] = column.collate("C") if db.get_bind().dialect.name == "postgresql" else column
    return found


def _figures(session: str, rows: Iterable[Any], terms: ReportTerms, facts: BasisFacts) -> SessionFigures:
    found = SessionFigures(session)
    known = facts.sessions.get(session)
    held = known.rules if known else _UNKNOWN
    for badge, several in groupby(rows, itemgetter(1)):
        scans = [BadgeScan(row[2], row[3], row[4]) for row in several]
        one = attendance(scans, held, facts.rules)
        found.scans += len(scans)
        found.repeats.update(one.repeats)
        found.people[badge] = (minutes_until(one, terms.as_of), attended_until(one, held, facts.rules, terms.as_of))
    return found
