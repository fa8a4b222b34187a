"""Pages whose counts refresh themselves (`live.js`): a page that has not changed is answered without its body."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from flask import Response, request

from records import DbSession, Implementation
from records.attendance.figures import event_counts


def edition_of(db: DbSession, found: Implementation, now: datetime) -> str:
    """Return what a page is current for: the scans, corrections and settings, and the minute, because sessions begin and end."""
    return f"{event_counts.edition(db, found)}.{now:%d%H%M}"


def unchanged(edition: str) -> Response | None:
    """Return the answer to a browser whose page is still current; None for any other."""
    return Response(status=HTTPStatus.NOT_MODIFIED) if request.headers.get("If-None-Match") == edition else None
