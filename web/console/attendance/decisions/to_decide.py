"""What is open about attendance: what people dispute, badges in two sessions at once, and badges that left before they came."""

from __future__ import annotations

from flask import Response

from records.agenda import sessions
from records.attendance.ledger import scan_rows
from records.attendance.questions import disputes, open_questions
from web.console.attendance.views_base import blueprint, page, reading
from web.console.layout.list_query import ROWS, Listing
from web.permissions import Permission, needs

#: Disputes that are listed.
MOST_DISPUTES = 200


@blueprint.get("/to-decide")
@needs(Permission.SEE_ATTENDANCE)
def to_decide(implementation: str) -> Response:
    """List what waits for a person: disputes, the oldest first, and questions in the order of badge IDs."""
    listing = Listing.of_request((), "")
    with reading(implementation) as (db, found):
        asked = open_questions.every(db, found)
        last = max(1, -(-len(asked) // ROWS))
        at = min(listing.page, last)
        shown = asked[(at - 1) * ROWS : at * ROWS]
        return page(
            "to_decide.html",
            found,
            title="To decide",
            disputes=disputes.every_open(db, found, limit=MOST_DISPUTES),
            open_disputes=disputes.count_open(db, found),
            questions=shown,
            asked=len(asked),
            listing=listing,
            at=at,
            last=last,
            agenda=sessions.with_retired(db, found),
            names=scan_rows.names_of(db, found, {each.badge_id for each in shown}),
        )
