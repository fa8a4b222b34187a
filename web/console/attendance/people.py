"""The people who were scanned: their list, and one with sessions, minutes and every scan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Response, request

from records import AgendaSession, DbSession, Implementation, User
from records.agenda import sessions
from records.attendance import scan_queries, session_attendance
from records.attendance.conflicts import conflicts_of
from records.attendance.figures import scanned_people
from records.attendance.minutes import BadgeAttendance, attended_until, minutes_until
from records.attendance.session_attendance import session_rules
from records.people import actors, badge_id, users
from web.console.attendance.views_base import address, blueprint, page, reading
from web.console.layout.list_query import ROWS, Listing
from web.console.layout.page_frame import Link
from web.forms.filter_form import FilterField, FilterForm
from web.permissions import Permission, needs

#: Scans of one person that are listed.
MOST_SCANS: Final = 500


class ScannedPersonForm(FilterForm):
    """Who is searched."""

    q = FilterField("Name or badge ID")


@dataclass(frozen=True)
class AttendedSession:
    """A session at which a person was scanned, with what is known now."""

    session: AgendaSession
    scans: int
    of_badge: BadgeAttendance
    minutes: int | None
    attended: bool | None
    conflicts: tuple[str, ...]


@blueprint.get("/people", endpoint="people")
@needs(Permission.SEE_ATTENDANCE)
def people(implementation: str) -> Response:
    """List the people who were scanned; `q` searches names and badge IDs."""
    form = ScannedPersonForm.of_request()
    listing = Listing.of_request((), "", text=form.q.value)
    with reading(implementation) as (db, found):
        every = scanned_people.every(db, found)
        rows = [each for each in every if each.matches(listing.text)]
        first = (listing.page - 1) * ROWS
        return page(
            "people.html",
            found,
            title="People",
            form=form,
            listing=listing,
            every=every,
            rows=rows[first : first + ROWS],
            more=len(rows) > first + ROWS,
        )


@blueprint.get("/person", endpoint="person")
@needs(Permission.SEE_ATTENDANCE)
def person(implementation: str) -> Response:
    """Show one person by badge ID: sessions with minutes, and every scan, also those that do not count."""
    badge = badge_id.normalised(request.args.get("badge", ""))
    now = datetime.now(UTC)
    with reading(implementation) as (db, found):
        scans = scanned_people.on_record(db, found, badge, limit=MOST_SCANS + 1) if badge else []
        names = scanned_people.names_of(db, found, badges=[badge]).get(badge, ("", "")) if scans else ("", "")
        agenda = sessions.with_retired(db, found)
        keys = {each.entry.actor for each in scans} | {each.void.actor for each in scans if each.void}
        return page(
            "person.html",
            found,
            title=f"{names[1]} {names[0]}".strip() or badge or "Person",
            above=(Link("People", address("people", found.slug)),),
            badge=badge,
            scans=scans[:MOST_SCANS],
            more=len(scans) > MOST_SCANS,
            attended=_attended(db, found, badge, agenda, now) if scans else [],
            agenda=agenda,
            users=_users(db, found, badge) if scans else [],
            by=actors.by_keys(db, keys),
            as_of=now,
        )


def _attended(
    db: DbSession, found: Implementation, badge: str, agenda: Mapping[str, AgendaSession], now: datetime
) -> list[AttendedSession]:
    """Return the sessions at which the badge was scanned, by time."""
    of = session_attendance.of_badges(db, found, dict(agenda), badge).get(badge, {})
    presences = {name: one.presences for name, (_, one) in of.items()}
    pairs = conflicts_of(presences, {name: agenda[name].parent_id for name in of})
    needed = scan_queries.rules_of(found)
    rows = []
    for name, (count, one) in of.items():
        others = [two.second if two.first == name else two.first for two in pairs if name in (two.first, two.second)]
        attended = attended_until(one, session_rules(found, agenda[name]), needed, now)
        rows.append(AttendedSession(agenda[name], count, one, minutes_until(one, now), attended, tuple(others)))
    return sorted(rows, key=lambda row: (row.session.starts_at, row.session.session_id))


def _users(db: DbSession, found: Implementation, badge: str) -> list[User]:
    """Return the people with this badge who have logged in."""
    known = (users.find(db, found, subject) for subject in users.with_badges(db, found, {badge}).get(badge, ()))
    return [user for user in known if user is not None]
