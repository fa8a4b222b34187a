"""Finding the questions that are open, from all scans that count now. Nothing of them is stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy.orm import Session

from records.agenda import sessions
from records.agenda.sessions import AgendaSession
from records.attendance import scan_queries
from records.attendance.ledger.tables import LedgerEntry
from records.attendance.minutes import AttendanceRules, BadgeScan, SessionRules
from records.attendance.scan_queries import CountedScan
from records.attendance.session_attendance import session_rules
from records.tenants.implementations import Implementation

from . import decisions
from .attendance_questions import AttendanceQuestion, BadgeEvent, digest_of, questions_of, raises_nothing


@dataclass(frozen=True)
class _Agenda:
    """What all badges share."""

    held: dict[str, SessionRules]
    parents: dict[str, str | None]
    rules: AttendanceRules

    @classmethod
    def of(cls, db: Session, owner: Implementation) -> _Agenda:
        known: dict[str, AgendaSession] = sessions.with_retired(db, owner)
        return cls(
            {name: session_rules(owner, each) for name, each in known.items()},
            {name: each.parent_id for name, each in known.items()},
            scan_queries.rules_of(owner),
        )

    def event(self, badge: str, scans: dict[str, list[BadgeScan]]) -> BadgeEvent:
        return BadgeEvent(badge, scans, self.held, self.parents, self.rules)


def every(db: Session, owner: Implementation) -> list[AttendanceQuestion]:
    """Return all questions that no one has decided, in the order of badge IDs. Of the scans, only one badge's are in memory."""
    agenda, known = _Agenda.of(db, owner), decisions.decided(db, owner)
    found: list[AttendanceQuestion] = []
    for badge, scans in _badges(db, owner):
        event = agenda.event(badge, scans)
        found += [] if raises_nothing(event) else decisions.undecided(questions_of(event), known)
    return found


def of_badge(db: Session, owner: Implementation, badge: str) -> list[AttendanceQuestion]:
    """Return all questions of one badge, decided or not."""
    return questions_of(_Agenda.of(db, owner).event(badge, scans_of_badge(db, owner, badge)))


def find(
    db: Session, owner: Implementation, kind: str, badge: str, names: tuple[str, str]
) -> AttendanceQuestion | None:
    """Return the question of this kind about this badge at these sessions, decided or not."""
    same = (each for each in of_badge(db, owner, badge) if each.kind == kind and each.names == names)
    return next(same, None)


def scans_of_badge(db: Session, owner: Implementation, badge: str) -> dict[str, list[BadgeScan]]:
    """Return the scans of one badge that count, by session."""
    if "\0" in badge:  # PostgreSQL cannot even compare with it
        return {}
    rows = db.execute(scan_queries.counted(owner, LedgerEntry.badge_id == badge))
    return _by_session(CountedScan(*row) for row in rows)


def state_of_badge(db: Session, owner: Implementation, badge: str) -> str:
    """Return the digest of all scans of a badge that count, which a page that corrects one of them names."""
    return digest_of(scans_of_badge(db, owner, badge))


def _badges(db: Session, owner: Implementation) -> Iterator[tuple[str, dict[str, list[BadgeScan]]]]:
    query = scan_queries.counted(owner).order_by(LedgerEntry.badge_id)
    rows = (CountedScan(*row) for row in db.execute(query.execution_options(yield_per=scan_queries.BATCH)))
    for badge, scans in groupby(rows, key=lambda each: each.badge_id):
        yield badge, _by_session(scans)


def _by_session(rows: Iterator[CountedScan]) -> dict[str, list[BadgeScan]]:
    found: dict[str, list[BadgeScan]] = defaultdict(list)
    for each in rows:
        found[each.session_id].append(each.of_badge)
    return found
