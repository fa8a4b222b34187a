"""What the scripts of the scanner page are told: the badge format, this session, and the next ones in its room.

A phone keeps it with the page, for when there is no network. It names no person.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, Final

from records import AgendaSession, DbSession, Implementation
from records.agenda import sessions
from records.attendance import badge_setup, scan_permission, scan_queries
from records.attendance.badge_formats.stored_format import as_json
from records.attendance.scan_parsing import REFUSAL_WORDS
from web.scanner.decoder_files import worker_address
from web.session_address import SessionAddress
from web.time_format import TimeFormatter

#: How long after the end of a session others in its room are offered, and how many.
LOOKED_AHEAD: Final = timedelta(hours=14)
MOST_SESSIONS: Final = 12


def page_setup(
    db: DbSession, owner: Implementation, session: AgendaSession, covered: Collection[str]
) -> dict[str, Any]:
    """Return it as JSON. `covered`: the sessions at which this person or device may scan; empty for all."""
    later = sessions.later_in_room(db, owner, session, within=LOOKED_AHEAD, limit=MOST_SESSIONS)
    offered = [session, *(each for each in later if scan_permission.covers(covered, each.session_id))]
    reader = badge_setup.active_format(db, owner)
    return {
        "implementation": owner.slug,
        "zone": owner.time_zone,
        "repeatSeconds": owner.repeat_seconds,
        "format": as_json(reader) if reader else None,
        "sessions": [_session_json(owner, each) for each in offered],
        "refusals": {str(reason): words for reason, words in REFUSAL_WORDS.items()},
        "scans": f"/api/v1/implementations/{owner.slug}/scans",
        "worker": worker_address(),
    }


def session_times(owner: Implementation, session: AgendaSession) -> str:
    """Return when a session is held, as the page says it."""
    times = TimeFormatter.of(owner)
    return f"{times.words(session.starts_at, weekday=True)} to {times.time_of_day(session.ends_at)[:5]}"


def _session_json(owner: Implementation, session: AgendaSession) -> dict[str, Any]:
    address = SessionAddress(owner.slug, session.session_id)
    return {
        "id": session.session_id,
        "title": session.title,
        "location": session.location,
        "times": session_times(owner, session),
        "starts": TimeFormatter.of(owner).time_of_day(session.starts_at)[:5],
        "ends_at": session.ends_at.isoformat(),
        "directions": scan_queries.has_directions(owner, session.session_id),
        "people": f"/api/v1/implementations/{owner.slug}/sessions/{session.session_id}/people",
        "login": address.scanner_login_path,
    }
