"""The endpoints for scans: a batch is taken in, scans are undone, and the attendance of a session is told.

The docstrings are the reference of these endpoints: the OpenAPI document is made from them.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify

from records.agenda import sessions
from records.attendance import corrected_time, session_attendance
from records.attendance.intake import BatchArrival, ScanResult
from records.attendance.session_attendance import SessionAttendance
from web.auth.services import AuthServices
from web.middleware.response_headers import PRIVATE
from web.permissions import Permission, needs, takes
from web.problem_details import HttpProblem
from web.scanner.batches import read_batch
from web.scanner.scan_access import implementation_named, require_now, sender_of
from web.scanner.scan_storage import store_scans, void_undone
from web.session_address import SessionAddress

#: Bytes of a batch: 50 scans whose texts are as long as they may be, in UTF-8.
BATCH = 128 * 1024

blueprint = Blueprint("scans", __name__, url_prefix="/api/v1/implementations/<implementation>")


@blueprint.post("/scans")
@needs(Permission.ANYONE)
@takes(body=BATCH)
def take_in(implementation: str) -> Response:
    """Store scans of badges. Each scan stands alone: a bad one is refused, and the others are stored.

    The credential is a login of a person with the role of scanner, by bearer token or cookie, or the token of a device. With
    the cookie, the request must come from one of our pages.

    A batch can be sent any number of times. A scan whose `id` is stored with the same content is `already` there. Another
    content under a stored `id` is refused. `repeat`: the same badge was scanned at this session shortly before, at
    `first_at`; the scan is stored as well. A refused scan is kept with its `reason`, and can be sent again.

    `device_time` is what the device's clock says when it sends. If it differs from ours by more than five seconds, the times
    of the scans are corrected. Scans that were made before a device or a role was revoked count, also if they arrive later.
    """
    scans, arrival = _arrived(implementation, "scans")
    results = [_result_json(each) for each in store_scans(implementation, scans, arrival)]
    return _private({"server_time": arrival.received_at.isoformat(), "results": results})


@blueprint.post("/scans/void")
@needs(Permission.ANYONE)
@takes(body=BATCH)
def void(implementation: str) -> Response:
    """Void scans that were undone on the device that made them. Each void stands alone, as scans do.

    For the same credentials as scans; the role may have been taken since. A device voids what it has scanned itself, a person
    what they have scanned with a login, for 12 hours after the scan, by the corrected time of the device; later an organizer
    can. The scan stays in the ledger and counts no more. Send the scan first: without it there is nothing to void.

    A batch can be sent any number of times. A scan that is void is `already` void, also if an organizer has voided it. A
    refused void changes nothing and is not kept. `device_time` is as for scans.
    """
    voids, arrival = _arrived(implementation, "voids")
    results = [asdict(each) for each in void_undone(implementation, voids, arrival)]
    return _private({"server_time": arrival.received_at.isoformat(), "results": results})


@blueprint.get("/sessions/<session_id>/attendance")
@needs(Permission.ANYONE)
def attendance(implementation: str, session_id: str) -> Response:
    """Return who was scanned at a session, and what follows from it: minutes, and whether they attended.

    For the same credentials as scans, as long as they may scan at this session. `minutes` and `attended` are computed from
    all scans that count now. `inside`: the last scan was not one of leaving. `conflicts` are other sessions at which the
    badge was at the same time. Names are not part of it.
    """
    address = SessionAddress.named(implementation, session_id)
    with AuthServices.here().database.reading() as db:
        owner = implementation_named(db, address.implementation)
        sender = sender_of(db, owner)
        require_now(sender, address.session)
        session = sessions.find(db, owner, address.session)
        if session is None:
            raise HttpProblem(HTTPStatus.NOT_FOUND, "The agenda of this implementation has no such session.")
        found = session_attendance.compute(db, owner, session)
    return _private(_attendance_json(found))


def _arrived(implementation: str, member: str) -> tuple[list[Any], BatchArrival]:
    """Return the batch of this request, and who sent it when. Raises `HttpProblem`."""
    with AuthServices.here().database.reading() as db:
        sender = sender_of(db, implementation_named(db, implementation))
    batch = read_batch(member)
    received_at = datetime.now(UTC)
    skew = corrected_time.skew(received_at, batch.device_time)
    return batch.items, BatchArrival(sender, received_at, skew)


def _result_json(result: ScanResult) -> dict[str, Any]:
    first_at = result.first_at.isoformat() if result.first_at else None
    return {"id": result.id, "state": result.state, "reason": result.reason, "first_at": first_at}


def _attendance_json(found: SessionAttendance) -> dict[str, Any]:
    return {
        "session": found.session,
        "scans": found.scans,
        "repeats": found.repeats,
        "people": [
            {
                "badge_id": each.badge_id,
                "scans": each.scans,
                "minutes": each.of_badge.minutes,
                "attended": each.of_badge.attended,
                "inside": each.of_badge.inside,
                "conflicts": list(each.conflicts),
            }
            for each in found.people
        ],
    }


def _private(value: dict[str, Any]) -> Response:
    response = jsonify(value)
    response.headers.update(dict(PRIVATE))
    return response
