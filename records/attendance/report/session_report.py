"""The rows of the report of sessions: one for each session of the agenda, also for those without scans, and retired ones with some."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import Final

from sqlalchemy.orm import Session

from records.tenants.implementations import Implementation

from .report_basis import BasisFacts, FrozenSession
from .report_rows import ReportRow, in_words
from .report_terms import ReportTerms
from .session_figures import SessionFigures, figures


def rows(db: Session, owner: Implementation, terms: ReportTerms, facts: BasisFacts) -> Generator[ReportRow, None, None]:
    """Yield the rows, ordered by session ID (code points)."""
    found = {each.session: _counts(each) for each in figures(db, owner, terms, facts)}
    for name, session in sorted(facts.sessions.items()):
        if session.listed or name in found:
            values = _frozen(name, session) | found.get(name, _NONE)
            values["share"] = _percent(found.get(name, _NONE)["people"], session.capacity)
            yield ReportRow(tuple(values[column] for column in terms.columns))


def _counts(of: SessionFigures) -> dict[str, str]:
    """Return what is counted, and let go of the people."""
    return {name: in_words(count(of)) for name, count in _COUNTS.items()}


def _frozen(name: str, session: FrozenSession) -> dict[str, str]:
    return {
        "session": name,
        "title": session.title,
        "starts": _utc(session.rules.starts_at),
        "ends": _utc(session.ends_at),
        "room": session.room,
        "capacity": in_words(session.capacity),
    }


def _percent(people: str, capacity: int | None) -> str:
    return str(round(100 * int(people) / capacity)) if capacity else ""


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="minutes")


_COUNTS: Final[dict[str, Callable[[SessionFigures], int]]] = {
    "scans": lambda of: of.scans,
    "repeats": lambda of: len(of.repeats),
    "people": lambda of: len(of.people),
    "attended": lambda of: of.attended,
    "minutes": lambda of: of.minutes,
}
#: Of a session without scans.
_NONE: Final = _counts(SessionFigures(""))
