"""What could change after a report was made, frozen with it: the agenda, and the rules by which minutes are counted.

It is kept once for all reports with the same content, under its SHA-256. The audit entry of a report names that SHA-256, so
a change here does not go unnoticed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.agenda import sessions
from records.agenda.sessions import AgendaSession
from records.attendance import scan_queries
from records.attendance.figures.room_sizes import capacity_of
from records.attendance.minutes import AttendanceRules, SessionRules
from records.attendance.session_attendance import session_rules
from records.columns import Base
from records.errors import RuleViolation
from records.storage.upsert import insert_missing
from records.tenants.implementations import Implementation

#: Why a report cannot be made again.
CHANGED: Final = "cannot be made again: what was frozen with it is not there any more, or was changed"


class ReportBasis(Base):
    """One frozen agenda with its rules, as JSON. The text is exactly that of which `sha256` was taken."""

    __tablename__ = "report_bases"

    implementation_id: Mapped[int] = mapped_column(
        ForeignKey("implementations.id", ondelete="CASCADE"), primary_key=True
    )
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True)
class FrozenSession:
    """A session as it was on the agenda. `listed`: it was not retired."""

    title: str
    room: str
    capacity: int | None
    rules: SessionRules
    ends_at: datetime
    listed: bool


@dataclass(frozen=True)
class BasisFacts:
    """The sessions by ID, and the rules of the implementation."""

    sessions: Mapping[str, FrozenSession]
    rules: AttendanceRules

    @property
    def as_text(self) -> str:
        """The same facts always give the same text."""
        return json.dumps({"rules": asdict(self.rules), "sessions": _sessions(self.sessions)}, ensure_ascii=False)

    @property
    def sha256(self) -> str:
        """The SHA-256 of the text."""
        return hashlib.sha256(self.as_text.encode()).hexdigest()


def facts_now(db: Session, owner: Implementation) -> BasisFacts:
    """Return the facts of now, with sessions that are retired: they may have scans."""
    every = sessions.with_retired(db, owner)
    frozen = {name: _frozen(owner, every[name]) for name in sorted(every)}
    return BasisFacts(frozen, scan_queries.rules_of(owner))


def keep(db: Session, owner: Implementation, facts: BasisFacts) -> str:
    """Keep facts for reports, and return their SHA-256."""
    sha256 = facts.sha256
    insert_missing(db, ReportBasis, [{"implementation_id": owner.id, "sha256": sha256, "content": facts.as_text}])
    return sha256


def find(db: Session, owner: Implementation, sha256: str) -> BasisFacts:
    """Return the facts that were frozen with a report. Raises RuleViolation if they are not as they were."""
    kept = db.get(ReportBasis, (owner.id, sha256))
    if kept is None or hashlib.sha256(kept.content.encode()).hexdigest() != sha256:
        raise RuleViolation("report", CHANGED)
    found = json.loads(kept.content)
    return BasisFacts(
        {name: _thawed(each) for name, each in found["sessions"].items()}, AttendanceRules(**found["rules"])
    )


def _frozen(owner: Implementation, session: AgendaSession) -> FrozenSession:
    return FrozenSession(
        title=session.title,
        room=session.location,
        capacity=capacity_of(session),
        rules=session_rules(owner, session),
        ends_at=session.ends_at,
        listed=session.retired_at is None,
    )


def _sessions(frozen: Mapping[str, FrozenSession]) -> dict[str, list[Any]]:
    return {
        name: [
            *(each.title, each.room, each.capacity, each.rules.starts_at.isoformat()),
            *(each.ends_at.isoformat(), each.rules.in_and_out, each.listed),
        ]
        for name, each in frozen.items()
    }


def _thawed(each: list[Any]) -> FrozenSession:
    title, room, capacity, begins, ends, in_and_out, listed = each
    starts_at, ends_at = datetime.fromisoformat(begins), datetime.fromisoformat(ends)
    rules = SessionRules(starts_at, ends_at if ends_at > starts_at else None, in_and_out)
    return FrozenSession(title, room, capacity, rules, ends_at, listed)
