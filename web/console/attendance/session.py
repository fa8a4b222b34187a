"""One session: who was there and how long, when people arrived, and how many were in the room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import Response

from records import AgendaSession, DbSession, Implementation
from records.attendance import scan_queries, session_attendance
from records.attendance.figures import event_counts, scanned_people
from records.attendance.figures.curves import arrivals, most_in_room, peak, timeline, until
from records.attendance.figures.room_sizes import capacity_of, registered_of
from records.attendance.minutes import SessionRules, attended_until, minutes_until
from records.attendance.session_attendance import PersonAttendance, SessionAttendance, session_rules
from records.plurals import counted
from web.console.attendance.charts import TimeChart
from web.console.attendance.event import BEFORE
from web.console.attendance.live_counts import edition_of, unchanged
from web.console.attendance.views_base import blueprint, page, reading, session_named
from web.console.layout.list_query import ROWS, Listing
from web.forms.filter_form import FilterField, FilterForm
from web.permissions import Permission, needs
from web.time_format import TimeFormatter

#: Steps of a chart at most.
STEPS: Final = 36


class PersonFilterForm(FilterForm):
    """Which people are listed."""

    q = FilterField("Name or badge ID")


@dataclass(frozen=True)
class PersonRow:
    """A person at the session, with what is known now."""

    badge_id: str
    last_name: str
    first_name: str
    first_at: datetime
    last_at: datetime
    scans: int
    repeats: int
    minutes: int | None
    attended: bool | None
    conflicts: tuple[str, ...]
    impossible: int

    @property
    def name(self) -> str:
        """What the person is called; empty if it is not known."""
        return f"{self.first_name} {self.last_name}".strip()

    def matches(self, text: str) -> bool:
        """Say whether names or badge ID contain the text."""
        return text.casefold() in f"{self.name} {self.badge_id}".casefold()


@dataclass(frozen=True)
class SessionCharts:
    """The charts of a session, and the numbers of each step: from, arrived, in the room at once."""

    arrived: TimeChart
    present: TimeChart
    rows: tuple[tuple[datetime, int, int | None], ...]
    peak: int
    peak_at: datetime | None


#: Columns by which the list can be sorted.
COLUMNS = {
    "name": lambda row: (row.last_name.casefold(), row.first_name.casefold(), row.badge_id),
    "badge": lambda row: row.badge_id,
    "first": lambda row: row.first_at,
    "minutes": lambda row: row.minutes or 0,
}


@blueprint.get("/sessions/<session_id>", endpoint="session")
@needs(Permission.SEE_ATTENDANCE)
def session(implementation: str, session_id: str) -> Response:
    """Show the people of a session with their minutes, and its charts; `q` filters the people."""
    now = datetime.now(UTC)
    form = PersonFilterForm.of_request()
    listing = Listing.of_request(COLUMNS, "name", text=form.q.value)
    with reading(implementation) as (db, found):
        edition = edition_of(db, found, now)
        answer = unchanged(edition)
        if answer:
            return answer
        held = session_named(db, found, session_id)
        rules = session_rules(found, held)
        whole = session_attendance.compute(db, found, held)
        people = _people(db, found, held, whole, now)
        rows = listing.sorted([row for row in people if row.matches(listing.text)], COLUMNS)
        first = (listing.page - 1) * ROWS
        return page(
            "session.html",
            found,
            title=held.title,
            form=form,
            listing=listing,
            session=held,
            rules=rules,
            whole=whole,
            people=people,
            rows=rows[first : first + ROWS],
            more=len(rows) > first + ROWS,
            charts=_charts(found, held, whole, people, now) if people else None,
            inside=_inside(whole, rules, now),
            capacity=capacity_of(held),
            registered=registered_of(held),
            as_of=now,
            edition=edition,
        )


def _people(
    db: DbSession, found: Implementation, held: AgendaSession, whole: SessionAttendance, now: datetime
) -> list[PersonRow]:
    times = event_counts.times_at(db, found, held.session_id)
    names = scanned_people.names_of(db, found, session=held.session_id)
    rules, needed = session_rules(found, held), scan_queries.rules_of(found)
    return [
        PersonRow(
            each.badge_id,
            *names.get(each.badge_id, ("", "")),
            *times[each.badge_id],
            scans=each.scans,
            repeats=len(each.of_badge.repeats),
            minutes=minutes_until(each.of_badge, now),
            attended=attended_until(each.of_badge, rules, needed, now),
            conflicts=each.conflicts,
            impossible=len(each.of_badge.impossible),
        )
        for each in whole.people
    ]


def _inside(whole: SessionAttendance, rules: SessionRules, now: datetime) -> int | None:
    """Return how many are in the room; None if the session is not held now."""
    if rules.ends_at is None or not rules.starts_at <= now < rules.ends_at:
        return None
    return sum(_is_there(each, now) for each in whole.people)


def _is_there(person: PersonAttendance, now: datetime) -> bool:
    return any(each.begins <= now < each.ends for each in person.of_badge.presences)


def _charts(
    found: Implementation, held: AgendaSession, whole: SessionAttendance, people: Sequence[PersonRow], now: datetime
) -> SessionCharts:
    """Draw arrivals from half an hour before the session to its end, and the room until now."""
    presences = until((each for person in whole.people for each in person.of_badge.presences), now)
    ends = max([held.ends_at, *(each.ends for each in presences)])
    line = timeline(held.starts_at - BEFORE, ends, most=STEPS)
    arrived, present = arrivals((row.first_at for row in people), line), most_in_room(presences, line)
    begun = sum(1 for start in line.starts if start <= now)
    highest, highest_at = peak(presences)
    clock, minutes = TimeFormatter.of(found), counted(line.step // timedelta(minutes=1), "minute")
    limits = (("places", capacity_of(held)), ("registered", registered_of(held)))
    return SessionCharts(
        TimeChart(line, arrived, clock, f"People who arrived, at most {max(arrived)} in {minutes}"),
        TimeChart(
            line,
            present[:begun],
            clock,
            f"People in the room, at most {highest} at once",
            next(((words, number) for words, number in limits if number), None),
        ),
        tuple(
            (start, arrived[place], present[place] if place < begun else None)
            for place, start in enumerate(line.starts)
        ),
        highest,
        highest_at,
    )
