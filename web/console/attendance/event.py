"""The event: its sessions with their counts of scans and people."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response

from records.agenda import sessions
from records.attendance import event_counts
from web.console.attendance.views_base import blueprint, page, reading
from web.permissions import Permission, needs


@blueprint.get("", endpoint="event")
@needs(Permission.SEE_ATTENDANCE)
def event(implementation: str) -> Response:
    """Show every session of the agenda with how many scans and people it has, and when the last scan was."""
    with reading(implementation) as (db, found):
        counts = event_counts.by_session(db, found)
        agenda = sessions.every(db, found)
        return page("event.html", found, title="Attendance", agenda=agenda, counts=counts, as_of=datetime.now(UTC))
