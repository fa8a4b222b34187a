"""The search of the scanner: people by name or badge ID, for those whose badge is lost or cannot be read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Final

from flask import Blueprint, Response, jsonify, request

from records.attendance.roster import roster_search
from web.auth.services import AuthServices
from web.middleware.response_headers import PRIVATE
from web.permissions import Permission, needs
from web.scanner.scan_access import implementation_named, require_now, sender_of
from web.session_address import SessionAddress

#: Characters that are searched for, at least and at most, and people that are told.
SHORTEST: Final = 2
LONGEST: Final = 100
MOST: Final = 8

blueprint = Blueprint("scan_people", __name__, url_prefix="/api/v1/implementations/<implementation>")


@blueprint.get("/sessions/<session_id>/people")
@needs(Permission.ANYONE)
def search(implementation: str, session_id: str) -> Response:
    """Find people by the words of `q` in their names, username or badge ID, to scan them without a badge.

    For the same credentials as scans, as long as they may scan at this session. Users and the list of attendees are searched.
    A text of fewer than two characters finds no one. At most eight people are told; `more` says that there are others. People
    without a badge ID are not among them.
    """
    address = SessionAddress.named(implementation, session_id)
    text = request.args.get("q", "").strip()[:LONGEST]
    with AuthServices.here().database.reading() as db:
        owner = implementation_named(db, address.implementation)
        require_now(sender_of(db, owner), address.session)
        people = roster_search.search(db, owner, text, MOST + 1) if len(text) >= SHORTEST else []
    response = jsonify({"people": [asdict(each) for each in people[:MOST]], "more": len(people) > MOST})
    response.headers.update(dict(PRIVATE))
    return response
