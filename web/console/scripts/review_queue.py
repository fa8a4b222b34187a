"""The queue of reviews: what waits for a decision in all implementations, the oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flask import Blueprint, Response

from records import DbSession, Implementation
from records.agenda import sessions
from records.people import actors
from records.scripts import deployments, submissions
from records.scripts.submissions import Submission
from records.scripts.versions import Version
from records.tenants import connections
from runner.logins import StoreAway
from web.auth.services import AuthServices
from web.console.layout.page_frame import page, signed_in
from web.console.scripts.risk_marks import risk_marks
from web.console.scripts.submission_page import visit_name
from web.permissions import Permission, needs

blueprint = Blueprint("console_reviews", __name__, url_prefix="/console/reviews")

#: Submissions that the page shows; the rest follows when these are decided.
ROWS = 50


@dataclass(frozen=True)
class WaitingSubmission:
    """A line of the queue. `starts` is when the next session of the conference starts, `ended` when its last one ended."""

    owner: Implementation
    submission: Submission
    version: Version
    own: bool
    marks: tuple[str, ...]
    starts: datetime | None
    ended: datetime | None
    looking: Sequence[str]


@blueprint.get("")
@needs(Permission.REVIEW_SCRIPTS)
def queue() -> Response:
    """List what waits for a decision, with the date of the conference, reasons to look closely, and who is looking."""
    with AuthServices.here().database.reading() as db:
        found = submissions.queue(db, limit=ROWS + 1)
        visitors = _visitors([(owner, submission) for owner, submission, _ in found[:ROWS]])
        rows = [_line(db, *each, looking) for each, looking in zip(found[:ROWS], visitors, strict=True)]
        keys = {key for row in rows for key in (row.submission.author, row.submission.submitted_by, *row.looking)}
        return page(
            "console/scripts/queue.html",
            title="Reviews",
            rows=rows,
            more=len(found) > ROWS,
            names=actors.by_keys(db, keys),
        )


def _line(
    db: DbSession, owner: Implementation, submission: Submission, version: Version, looking: Sequence[str]
) -> WaitingSubmission:
    active, now = deployments.active_version(db, owner), datetime.now(UTC)
    starts = sessions.next_start(db, owner, now)
    return WaitingSubmission(
        owner,
        submission,
        version,
        own=signed_in().actor in submissions.authors_of(db, owner, version),
        marks=tuple(risk_marks(owner, version, active, [one.name for one in connections.every(db, owner)])),
        starts=starts,
        ended=None if starts else sessions.last_end(db, owner),
        looking=[person for person in looking if person != signed_in().actor],
    )


def _visitors(rows: Sequence[tuple[Implementation, Submission]]) -> list[list[str]]:
    """Return for each submission who opened it lately; nobody if the store does not answer."""
    try:
        found = AuthServices.here().store.visits.of(*(visit_name(owner.slug, one.number) for owner, one in rows))
    except StoreAway:
        return [[] for _ in rows]
    return [list(each) for each in found]
