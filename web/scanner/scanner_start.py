"""The scanner's first page: the sessions at which this phone or this person may scan, today's or the next ones.

A phone that may not scan here, or not now, says why and what to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, render_template, request

from records import AgendaSession, Implementation
from records.attendance import scan_permission
from web.auth.services import AuthServices
from web.middleware.response_headers import PRIVATE
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.scanner.scan_access import implementation_named, sender_of, why_not_now
from web.time_format import TimeFormatter

#: What people without a credential of a scanner read.
NO_SCANNER: Final = (
    "This phone does not scan for this event. To pair it, ask an organizer for a code. If you scan with your own login, open "
    "a session in the app and tap the button for scanning there."
)

blueprint = Blueprint("scanner_start", __name__, url_prefix="/scan/<implementation>")


@dataclass(frozen=True)
class SessionGroup:
    """Sessions of the page under one heading."""

    heading: str
    sessions: list[AgendaSession]


@blueprint.get("")
@needs(Permission.ANYONE)
def choose_session(implementation: str) -> Response:
    """List the sessions at which badges may be scanned now or later."""
    now = datetime.now(UTC)
    with AuthServices.here().database.reading() as db:
        owner = implementation_named(db, implementation)
        try:
            sender = sender_of(db, owner)
        except HttpProblem as problem:
            if problem.code not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                raise
            return _page(owner, problem.code, why=NO_SCANNER)
        why = why_not_now(sender, now)
        if why:
            return _page(owner, HTTPStatus.FORBIDDEN, why=why, sender=sender)
        found = scan_permission.sessions_of_day(db, owner, sender.sessions, now)
        rooms = sorted({each.location for each in found if each.location})
        room = request.args.get("room", "")
        shown = [each for each in found if room not in rooms or each.location == room]
        return _page(owner, HTTPStatus.OK, sender=sender, rooms=rooms, room=room, groups=_groups(shown, now))


def _page(owner: Implementation, status: int, **values: Any) -> Response:
    shown = {"why": "", "sender": None, "rooms": [], "room": "", "groups": [], **values}
    html = render_template("scanner/start.html", owner=owner, times=TimeFormatter.of(owner), **shown)
    response = Response(html, status, mimetype="text/html")
    response.headers.extend(PRIVATE)
    return response


def _groups(sessions: list[AgendaSession], now: datetime) -> list[SessionGroup]:
    """Group sessions: those that run now, those to come, and those that have ended, the newest first."""
    running = [each for each in sessions if each.starts_at <= now < each.ends_at]
    coming = [each for each in sessions if each.starts_at > now]
    ended = [each for each in reversed(sessions) if each.ends_at <= now and each not in running]
    groups = (("Now", running), ("Later", coming), ("Ended", ended))
    return [SessionGroup(heading, found) for heading, found in groups if found]
