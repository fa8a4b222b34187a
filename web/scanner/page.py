"""The scanner page: a badge is typed, or read by a hand scanner that types it, and what became of it is shown at once.

It works without script. Each form carries the id of its scan, so that one that is sent twice stores one scan. With script
(`web/static/scanner/page.mjs`) the camera reads badges, and scans go through the queue of the phone.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

from flask import Blueprint, Response, render_template, request

from records import AgendaSession, DbSession, Implementation
from records.agenda import sessions
from records.attendance import badge_setup, intake, scan_queries
from records.attendance.badge_formats.badge_format import Badge, ScannedTestBadge
from records.attendance.badge_formats.code_text import ForeignCode
from records.attendance.intake import BatchArrival, ScanResult, ScanSender
from records.attendance.scan_parsing import REFUSAL_WORDS, ScanRefusal
from records.attendance.typed_badges import typed_badge
from web.auth.services import AuthServices
from web.middleware.response_headers import PRIVATE, WITH_CAMERA
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other
from web.scanner import device_cookie
from web.scanner.page_setup import page_setup, session_times
from web.scanner.scan_access import implementation_named, require_now, sender_of
from web.scanner.scan_storage import store_scans
from web.scanner.shell import SHELL_HEADER, current_shell
from web.session_address import SessionAddress
from web.time_format import TimeFormatter

#: Scans that the page lists.
MOST_LISTED: Final = 8
#: Characters of a refused code that it shows.
LONGEST_SHOWN: Final = 60

blueprint = Blueprint("scanner", __name__, url_prefix="/scan/<implementation>/sessions/<session_id>")


@dataclass(frozen=True)
class ShownResult:
    """What became of a badge, as the page says it. `kind`: good, repeat or bad."""

    kind: str
    words: str
    more: str = ""


@blueprint.get("")
@needs(Permission.ANYONE)
def show_scanner(implementation: str, session_id: str) -> Response:
    """Show the page on which badges are scanned at a session, to people with the role of scanner."""
    address = SessionAddress.named(implementation, session_id)
    return _answer(address, None)


@blueprint.post("")
@needs(Permission.ANYONE)
def scan_badge(implementation: str, session_id: str) -> Response:
    """Store the scan of one badge, and show what became of it."""
    address = SessionAddress.named(implementation, session_id)
    return _answer(address, request.form.get("badge", ""))


def _answer(address: SessionAddress, typed: str | None) -> Response:
    try:
        with AuthServices.here().database.reading() as db:
            owner = implementation_named(db, address.implementation)
            sender = sender_of(db, owner)
            require_now(sender, address.session)
            _session(db, owner, address)
            reader = badge_setup.active_format(db, owner)
    except HttpProblem as problem:
        if problem.code == HTTPStatus.UNAUTHORIZED:
            return see_other(address.scanner_login_path)
        if problem.code == HTTPStatus.FORBIDDEN and device_cookie.sent():
            return see_other(f"/scan/{address.implementation}")  # says why, and where this phone may scan
        raise
    if typed is None:
        return _page(address, sender, None)
    try:
        badge, entry = typed_badge(reader, typed)
    except ScannedTestBadge:
        return _page(address, sender, ShownResult("good", "The test badge works.", "It does not count."))
    except ForeignCode as fault:
        # The field is empty again: a hand scanner would type the next code behind this one.
        more = f"{str(fault).capitalize()}. It was read as “{typed.strip()[:LONGEST_SHOWN]}”."
        return _page(address, sender, ShownResult("bad", "Not a badge of this event", more))
    return _page(address, sender, _stored(address, sender, badge, entry))


def _stored(address: SessionAddress, sender: ScanSender, badge: Badge, entry: str) -> ShownResult:
    now = datetime.now(UTC)
    scan = {
        "id": request.form.get("scan", ""),
        "session": address.session,
        "badge_id": badge.badge_id,
        "last_name": badge.last_name,
        "first_name": badge.first_name,
        "scanned_at": now.isoformat(),
        "direction": request.form.get("direction") or None,
        "entry": entry,
    }
    (result,) = store_scans(address.implementation, [scan], BatchArrival(sender, now, timedelta(0)))
    return _shown(result, badge if badge.last_name or badge.first_name else _named(address, badge))


def _named(address: SessionAddress, badge: Badge) -> Badge:
    """Return a badge that had no names with those that are known, as its scan has them."""
    with AuthServices.here().database.reading() as db:
        known = intake.known_names(db, implementation_named(db, address.implementation), {badge.badge_id})
    names = known.get(badge.badge_id)
    return Badge(badge.badge_id, names.last_name, names.first_name) if names else badge


def _shown(result: ScanResult, badge: Badge) -> ShownResult:
    name = " ".join(part for part in (badge.first_name, badge.last_name) if part)
    words = name or badge.badge_id
    more = badge.badge_id if name else ""
    match result.state:
        case "stored":
            return ShownResult("good", words, more)
        case "repeat":
            return ShownResult("repeat", f"Already scanned: {words}", more)
    if result.reason == ScanRefusal.ID_TAKEN:  # the same form was sent again: the first one is stored
        return ShownResult("repeat", "This form was sent before", "Its first badge is stored. Scan the next one.")
    return ShownResult("bad", "Not stored", REFUSAL_WORDS[ScanRefusal(str(result.reason))])


def _page(address: SessionAddress, sender: ScanSender, result: ShownResult | None) -> Response:
    kept = SHELL_HEADER in request.headers  # the phone keeps this page: it has no names
    with AuthServices.here().database.reading() as db:
        owner = implementation_named(db, address.implementation)
        session = _session(db, owner, address)
        times = TimeFormatter.of(owner)
        html = render_template(
            "scanner/page.html",
            address=address,
            session=session,
            times=times,
            when=session_times(owner, session),
            setup=page_setup(db, owner, session, sender.sessions),
            zone=owner.time_zone,
            result=result,
            direction=request.form.get("direction", "in"),
            directions=scan_queries.has_directions(owner, session.session_id),
            has_format=badge_setup.active_format(db, owner) is not None,
            scan=str(uuid.uuid4()),
            people=scan_queries.badges_at(db, owner, session.session_id),
            recent=[] if kept else scan_queries.newest(db, owner, session.session_id, most=MOST_LISTED),
        )
    response = Response(html, mimetype="text/html")
    response.headers.extend((*PRIVATE, WITH_CAMERA))
    response.headers[SHELL_HEADER] = current_shell().version
    return response


def _session(db: DbSession, owner: Implementation, address: SessionAddress) -> AgendaSession:
    found = sessions.find(db, owner, address.session)
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, "The agenda has no such session.")
    return found
