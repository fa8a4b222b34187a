"""The input of a script: the user, the session and the time, as plain values without any secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from records import AgendaSession, Database, DbConnection, DbSession, Implementation, User
from records.agenda import sessions
from records.attendance import scan_queries
from records.attendance.minutes import (
    AttendanceRules,
    BadgeScan,
    SessionRules,
    attendance,
    in_order,
    minutes_until,
)
from records.attendance.session_attendance import session_rules
from records.facts import fact_reading
from records.people import users
from records.people.user_fields import TEXTS
from records.tenants import implementations
from runner.status.ttl_cache import TtlCache
from sandbox import ScriptInput

SESSION_S = 30.0


@dataclass(frozen=True)
class RunMoments:
    """When a run is made, and when its user last came back from the message's link: facts from before do not count."""

    now: datetime
    returned_at: datetime | None = None


class ScriptInputReader:
    """Reads the inputs of runs. Sessions are cached for a while; users are read each time. Thread-safe."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sessions = TtlCache(self._read_session, life_s=SESSION_S)

    def read(
        self,
        implementation: Implementation,
        user: str,
        session: str,
        moments: RunMoments,
        *,
        return_url: str,
    ) -> ScriptInput:
        """Return the input of a run. A user who is not in the records has an id and nothing else."""
        now = moments.now
        zone = ZoneInfo(implementation.time_zone)
        held = self._sessions.get(implementation.slug, session)
        known, facts = fact_reading.read_user(
            self._database, implementation, user, session, returned_at=moments.returned_at
        )
        badge = known.badge_id if known else ""
        scans, minutes = self._attendance(implementation, held, badge, now) if held and badge else ((), None)
        return ScriptInput(
            user=user_fields(known, user),
            session=session_fields(held, session, zone),
            scans=scan_fields(scans, zone),
            minutes=minutes,
            settings=implementation.script_settings,
            now=moment(now, zone),
            return_url=return_url,
            facts=facts.facts,
            facts_at=moment(facts.at, zone) if facts.at else None,
        )

    def knows(self, implementation: str, session: str) -> bool:
        """Say whether the agenda has this session, and it is not retired."""
        return self._sessions.get(implementation, session) is not None

    def drop(self, implementation: str | None) -> None:
        """Forget the agenda of one implementation, or all."""
        self._sessions.drop(implementation)

    def _attendance(
        self, implementation: Implementation, session: AgendaSession, badge: str, now: datetime
    ) -> tuple[tuple[BadgeScan, ...], int | None]:
        with self._database.reading_rows() as db:
            return attendance_fields(db, implementation, session, badge, now)

    def _read_session(self, slug: str, session: str) -> AgendaSession | None:
        with self._database.reading() as db:
            implementation = implementations.find(db, slug)
            return sessions.find(db, implementation, session) if implementation else None


def user_fields(known: User | users.UserRow | None, subject: str) -> dict[str, Any]:
    """The fields of `user` in the script API."""
    texts = {name: getattr(known, name) if known else "" for name in TEXTS}
    return {"id": subject, **texts, "attributes": known.attributes if known else {}}


def attendance_fields(
    db: DbSession | DbConnection, owner: Implementation, session: AgendaSession, badge: str, now: datetime
) -> tuple[tuple[BadgeScan, ...], int | None]:
    """Return the scans of a badge at a session without repeats, the oldest first, and its minutes until now."""
    rows = scan_queries.of_badge(db, owner, session.session_id, badge)
    return scans_and_minutes(rows, session_rules(owner, session), scan_queries.rules_of(owner), now)


def scans_and_minutes(
    scans: Sequence[BadgeScan], session: SessionRules, rules: AttendanceRules, now: datetime
) -> tuple[tuple[BadgeScan, ...], int | None]:
    """Return what a script sees of the scans of one badge at one session: those without repeats, and the minutes until now."""
    if not scans:
        return (), None
    found = attendance(scans, session, rules)
    counted = (each for each in in_order(scans, session) if each.id not in found.repeats)
    return tuple(counted), minutes_until(found, now)


def scan_fields(scans: Sequence[BadgeScan], zone: tzinfo) -> tuple[dict[str, str], ...]:
    """The fields of scans in the script API."""
    return tuple({"at": moment(each.at, zone), "direction": each.direction} for each in scans)


def session_fields(known: AgendaSession | None, session: str, zone: tzinfo) -> dict[str, Any]:
    """The fields of `session` in the script API, with times in the implementation's time zone."""
    if known is None:
        return {"id": session}
    return {
        "id": known.session_id,
        "title": known.title,
        "starts_at": moment(known.starts_at, zone),
        "ends_at": moment(known.ends_at, zone),
        "location": known.location,
        "parent_id": known.parent_id,
        "credits": None if known.credits is None else str(known.credits),
        "attributes": known.attributes,
    }


def moment(at: datetime, zone: tzinfo) -> str:
    """RFC 3339, to the second."""
    return at.astimezone(zone).isoformat(timespec="seconds")
