"""The event: its sessions with their counts, which refresh themselves while people are scanned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from flask import Response
from markupsafe import Markup

from records import AgendaSession
from records.agenda import sessions
from records.attendance.figures import event_counts
from records.attendance.figures.curves import arrivals, timeline
from records.attendance.figures.event_counts import EventCount, SessionCount
from records.attendance.figures.room_sizes import capacity_of, registered_of
from records.plurals import counted
from web.console.attendance.live_counts import edition_of, unchanged
from web.console.attendance.views_base import blueprint, page, reading
from web.console.layout.list_query import ROWS, Listing
from web.console.runs.charts import bars, share
from web.forms.fields import DropdownField
from web.forms.filter_form import FilterField, FilterForm
from web.permissions import Permission, needs

#: How long before its start people arrive at a session, for its chart; earlier ones are in the first step.
BEFORE: Final = timedelta(minutes=30)
#: Steps of the chart of a session.
STEPS: Final = 30
NOW, SCANNED, UNSCANNED = "now", "scanned", "unscanned"


class SessionFilterForm(FilterForm):
    """Which sessions are listed."""

    q = FilterField("Title, ID or room")
    show = DropdownField(
        "Sessions",
        choices=[("", "all"), (NOW, "held now"), (SCANNED, "with scans"), (UNSCANNED, "over, without scans")],
    )


@dataclass(frozen=True)
class SessionRow:
    """A session with its counts. `count` is None without scans."""

    session: AgendaSession
    count: SessionCount | None
    now: datetime

    @property
    def people(self) -> int:
        """How many different badges were scanned."""
        return self.count.people if self.count else 0

    @property
    def is_held(self) -> bool:
        """Whether it is held now."""
        return self.session.starts_at <= self.now < self.session.ends_at

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.session.ends_at <= self.now

    @property
    def expected(self) -> tuple[str, int] | None:
        """The number to compare people with: the capacity of the room, or who registered."""
        capacity, registered = capacity_of(self.session), registered_of(self.session)
        if capacity:
            return "places", capacity
        return ("registered", registered) if registered else None

    @property
    def share(self) -> Markup:
        """The people as part of the expected ones."""
        return share(self.people, self.expected[1]) if self.expected else Markup("")

    def matches(self, text: str, which: str) -> bool:
        """Say whether the filter lets it through."""
        held = {NOW: self.is_held, SCANNED: self.count is not None, UNSCANNED: self.is_over and self.count is None}
        wanted, of = text.casefold(), self.session
        found = (of.title, of.session_id, of.location)
        return held.get(which, True) and any(wanted in each.casefold() for each in found)


#: Columns by which the list can be sorted.
COLUMNS = {
    "time": lambda row: (row.session.starts_at, row.session.session_id),
    "title": lambda row: row.session.title.casefold(),
    "people": lambda row: row.people,
    "scans": lambda row: row.count.scans if row.count else 0,
}


@blueprint.get("", endpoint="event")
@needs(Permission.SEE_ATTENDANCE)
def event(implementation: str) -> Response:
    """Show every session of the agenda with its people and scans, and when they arrived; `q` and `show` filter."""
    now = datetime.now(UTC)
    form = SessionFilterForm.of_request()
    listing = Listing.of_request(COLUMNS, "time", text=form.q.value)
    with reading(implementation) as (db, found):
        edition = edition_of(db, found, now)
        answer = unchanged(edition)
        if answer:
            return answer
        counts = event_counts.count(db, found)
        every = _rows(sessions.with_retired(db, found).values(), counts, now)
        rows = listing.sorted([row for row in every if row.matches(listing.text, form.show.value)], COLUMNS)
        first = (listing.page - 1) * ROWS
        shown = rows[first : first + ROWS]
        names = [row.session.session_id for row in shown if row.count]
        charts = _charts(shown, event_counts.arrivals(db, found, names))
        return page(
            "event.html",
            found,
            title="Attendance",
            form=form,
            listing=listing,
            counts=counts,
            rows=shown,
            every=every,
            more=len(rows) > first + ROWS,
            charts=charts,
            as_of=now,
            edition=edition,
        )


def _rows(agenda: Iterable[AgendaSession], counts: EventCount, now: datetime) -> list[SessionRow]:
    """Return the sessions of the agenda, and retired ones that have scans."""
    found = [SessionRow(each, counts.by_session.get(each.session_id), now) for each in agenda]
    return [row for row in found if row.count or row.session.retired_at is None]


def _charts(rows: Iterable[SessionRow], moments: Mapping[str, list[datetime]]) -> dict[str, Markup]:
    """Draw the arrivals at each session. All have the scale of the step with the most."""
    found = {}
    for row in rows:
        arrived = moments.get(row.session.session_id)
        if arrived:
            line = timeline(row.session.starts_at - BEFORE, row.session.ends_at, most=STEPS)
            found[row.session.session_id] = (arrivals(arrived, line), line.step // timedelta(minutes=1))
    most = max((max(values) for values, _ in found.values()), default=0)
    return {
        name: bars(values, label=f"Arrivals, at most {max(values)} in {counted(minutes, 'minute')}", most=most)
        for name, (values, minutes) in found.items()
    }
