"""The situations of a rehearsal: who looks at which session, and when.

The clock is moved around each session: before it begins, while it is held, after its end. If there are more situations than
are wanted, evenly spread ones are taken, always the same. Scans are those of the records, up to the moment. Facts are those
that are known today.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from records import AgendaSession, DbSession, Implementation, User
from records.agenda import sessions
from records.attendance import scan_queries
from records.attendance.minutes import AttendanceRules, BadgeScan, SessionRules
from records.attendance.session_attendance import session_rules
from records.facts import fact_reading
from records.facts.fact_reading import FactRow
from records.facts.fact_tables import WHOLE_EVENT
from records.people import users
from runner.runs.script_input import moment, scan_fields, scans_and_minutes, session_fields, user_fields
from sandbox import ScriptInput

#: People and sessions that are read at most.
MOST_PEOPLE, MOST_SESSIONS = 2_000, 2_000
#: How long before the beginning and after the end people look, in minutes, unless somebody says otherwise.
USUAL_MINUTES = 10
#: The moments, by what `job_arguments.MOMENTS` calls them. Each is computed from the beginning and the end of a session, and from that distance.
MOMENTS: Final[Mapping[str, Callable[[datetime, datetime, timedelta], datetime]]] = MappingProxyType(
    {
        "before": lambda starts, _, distance: starts - distance,
        "during": lambda starts, ends, _: starts + (ends - starts) / 2,
        "after": lambda _, ends, distance: ends + distance,
    }
)


@dataclass(frozen=True)
class Situation:
    """One look: `when` is one of MOMENTS."""

    user: str
    session: str
    when: str
    given: ScriptInput


@dataclass(frozen=True)
class EventScans:
    """The scans of an event that count, by session and badge, and the rules by which minutes follow from them."""

    rules: AttendanceRules = field(default_factory=AttendanceRules)
    of_session: Mapping[str, SessionRules] = field(default_factory=dict)
    of_badge: Mapping[tuple[str, str], Sequence[BadgeScan]] = field(default_factory=dict)

    def until(self, session: str, badge: str, now: datetime) -> tuple[tuple[BadgeScan, ...], int | None]:
        """Return the scans of a badge at a session until now, and the minutes."""
        found = [each for each in self.of_badge.get((session, badge), ()) if each.at <= now]
        return scans_and_minutes(found, self.of_session[session], self.rules, now) if found else ((), None)


@dataclass(frozen=True)
class Event:
    """Who could look at what: the people and sessions of an implementation."""

    settings: Mapping[str, Any]
    zone: ZoneInfo
    people: Sequence[User]
    sessions: Sequence[AgendaSession]
    minutes: int = USUAL_MINUTES  #: how long before the beginning and after the end people look
    scans: EventScans = field(default_factory=EventScans)
    facts: Mapping[tuple[int, str], FactRow] = field(default_factory=dict)  #: as `fact_reading.of_people` returns them

    def situations(self, moments: Sequence[str], *, most: int) -> Iterator[Situation]:
        """Yield at most this many situations, spread over all people, sessions and moments."""
        total = self.count(moments)
        wanted = min(most, total)
        for number in range(wanted):
            place, when = divmod(number * total // wanted, len(moments))
            yield self._situation(*divmod(place, len(self.people)), moments[when])

    def count(self, moments: Sequence[str]) -> int:
        """Return how many situations there are."""
        return len(self.people) * len(self.sessions) * len(moments)

    def _situation(self, session: int, person: int, when: str) -> Situation:
        held, user = self.sessions[session], self.people[person]
        at = MOMENTS[when](held.starts_at, held.ends_at, timedelta(minutes=self.minutes))
        scans, minutes = self.scans.until(held.session_id, user.badge_id, at)
        rows = (self.facts.get((user.id, session_id)) for session_id in (WHOLE_EVENT, held.session_id))
        known_facts = fact_reading.known_facts(filter(None, rows))
        given = ScriptInput(
            user=user_fields(user, user.subject),
            session=session_fields(held, held.session_id, self.zone),
            scans=scan_fields(scans, self.zone),
            minutes=minutes,
            settings=self.settings,
            now=moment(at, self.zone),
            facts=known_facts.facts,
            facts_at=moment(known_facts.at, self.zone) if known_facts.at else None,
        )
        return Situation(user.subject, held.session_id, when, given)


def event_of(db: DbSession, owner: Implementation, *, minutes: int = USUAL_MINUTES) -> Event:
    """Read the people, the sessions and the scans of an implementation."""
    people, held = users.every(db, owner, limit=MOST_PEOPLE), sessions.every(db, owner, limit=MOST_SESSIONS)
    found = Event(
        settings=owner.script_settings,
        zone=ZoneInfo(owner.time_zone),
        people=people,
        sessions=held,
        minutes=minutes,
        scans=_scans(db, owner, people, held),
        facts=fact_reading.of_people(db, [each.id for each in people]),
    )
    db.expunge_all()
    return found


def _scans(db: DbSession, owner: Implementation, people: Sequence[User], held: Sequence[AgendaSession]) -> EventScans:
    of_badge: dict[tuple[str, str], list[BadgeScan]] = defaultdict(list)
    badges = [each.badge_id for each in people if each.badge_id]
    for scan in scan_queries.at_sessions(db, owner, [each.session_id for each in held], badges):
        of_badge[scan.session_id, scan.badge_id].append(scan.of_badge)
    rules = {each.session_id: session_rules(owner, each) for each in held}
    return EventScans(scan_queries.rules_of(owner), rules, of_badge)
