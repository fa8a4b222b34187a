"""JSON schemas and responses of the endpoints for scans. A test validates real responses against them."""

from __future__ import annotations

from typing import Any

from records.attendance import intake, scan_parsing
from records.attendance.phones import undone_scans

from .responses import DocumentedResponse, Operation, problem
from .schema_forms import listed, or_null, ref, schema_object, some_members

_TEXT = {"type": "string"}
_MOMENT = {"type": "string", "format": "date-time"}
_COUNT = {"type": "integer", "minimum": 0}
_REASONS = "; ".join(f"`{reason}`: {words}" for reason, words in scan_parsing.REFUSAL_WORDS.items())
_UNDO_REASONS = "; ".join(f"`{reason}`: {words}" for reason, words in undone_scans.UNDO_REFUSAL_WORDS.items())

_SCAN = some_members(
    {
        "id": {"type": "string", "format": "uuid", "description": "Made by the device, once for each scan."},
        "session": {"type": "string", "description": "The session's ID in the agenda."},
        "badge_id": {"type": "string", "maxLength": 100, "description": "A text, never a number."},
        "last_name": {"type": "string", "maxLength": scan_parsing.LONGEST_NAME, "description": "May be empty."},
        "first_name": {"type": "string", "maxLength": scan_parsing.LONGEST_NAME, "description": "May be empty."},
        "scanned_at": _MOMENT | {"description": "By the clock of the device."},
        "direction": {"enum": [*scan_parsing.DIRECTIONS, None]},
        "entry": {"enum": list(scan_parsing.ENTRIES), "description": "How the badge was read."},
    },
    ("id", "session", "badge_id", "last_name", "first_name", "scanned_at", "entry"),
    "One badge read at one session. A further member refuses it.",
)

SCAN_SCHEMAS: dict[str, Any] = {
    "Scan": _SCAN,
    "ScanBatch": schema_object(
        {
            "device_time": _MOMENT | {"description": "What the clock of the device says now."},
            "scans": listed(ref("Scan")) | {"maxItems": intake.MOST},
        },
        "Scans that a device sends together.",
    ),
    "ScanResult": schema_object(
        {
            "id": or_null(_TEXT),
            "state": {"enum": ["stored", "repeat", "already", "refused"]},
            "reason": or_null({"enum": list(scan_parsing.ScanRefusal)}) | {"description": _REASONS},
            "first_at": or_null(_MOMENT) | {"description": "When the scan was made that this one repeats."},
        },
        "What became of one scan. `repeat` is how it looks now; reports compute it anew.",
    ),
    "ScanResults": schema_object(
        {"server_time": _MOMENT, "results": listed(ref("ScanResult"))}, "One result for each scan, in their order."
    ),
    "Void": schema_object(
        {
            "id": {"type": "string", "format": "uuid", "description": "Of the scan."},
            "voided_at": _MOMENT | {"description": "When it was undone, by the clock of the device."},
            "reason": {"type": "string", "minLength": 1, "maxLength": undone_scans.LONGEST_REASON},
        },
        "A scan that was undone on its device. A further member refuses the void.",
    ),
    "VoidBatch": schema_object(
        {
            "device_time": _MOMENT | {"description": "What the clock of the device says now."},
            "voids": listed(ref("Void")) | {"maxItems": intake.MOST},
        },
        "Scans that are to be voided together.",
    ),
    "VoidResult": schema_object(
        {
            "id": or_null(_TEXT),
            "state": {"enum": ["voided", "already", "refused"]},
            "reason": or_null({"enum": list(undone_scans.UndoRefusal)}) | {"description": _UNDO_REASONS},
        },
        "What became of one void.",
    ),
    "VoidResults": schema_object(
        {"server_time": _MOMENT, "results": listed(ref("VoidResult"))}, "One result for each void, in their order."
    ),
    "Attendance": schema_object(
        {
            "session": _TEXT,
            "scans": _COUNT | {"description": "How many count: without voided ones and test badges."},
            "repeats": _COUNT | {"description": "How many of them are repeats."},
            "people": listed(
                schema_object(
                    {
                        "badge_id": _TEXT,
                        "scans": _COUNT,
                        "minutes": or_null(_COUNT) | {"description": "null if the session's end is not known."},
                        "attended": or_null({"type": "boolean"}),
                        "inside": {"type": "boolean", "description": "The last scan was not one of leaving."},
                        "conflicts": listed(_TEXT) | {"description": "Other sessions at the same time."},
                    },
                    "One badge.",
                )
            ),
        },
        "Who was scanned at a session.",
    ),
    "FoundPeople": schema_object(
        {
            "people": listed(
                schema_object({"badge_id": _TEXT, "last_name": _TEXT, "first_name": _TEXT}, "A person with a badge.")
            ),
            "more": {"type": "boolean", "description": "There are others: ask more exactly."},
        },
        "People who can be scanned without their badge.",
    ),
}

_REPLIES = {
    400: problem("An identifier, the body or the Host header is malformed. Nothing was stored."),
    401: problem("There is no valid login, and no token of a device. Keep the scans.", "WWW-Authenticate"),
    403: problem("The person or the device may not scan here, or the cookie was sent from another site."),
    404: problem("No such implementation or session."),
    429: problem("Too many requests.", "Retry-After"),
    503: problem("The store or the database does not answer.", "Retry-After"),
}

_BATCH_REPLIES = {
    **_REPLIES,
    413: problem("The body is too large. Nothing was stored."),
    415: problem("The body is not JSON, or has a Content-Encoding. Nothing was stored."),
}

SCAN_OPERATIONS: dict[str, Operation] = {
    "scans.take_in": Operation(
        {
            200: DocumentedResponse("What became of each scan.", "application/json", "ScanResults"),
            **_BATCH_REPLIES,
        },
        json_body="ScanBatch",
        takes_scanner=True,
    ),
    "scans.void": Operation(
        {200: DocumentedResponse("What became of each void.", "application/json", "VoidResults"), **_BATCH_REPLIES},
        json_body="VoidBatch",
        takes_scanner=True,
    ),
    "scans.attendance": Operation(
        {200: DocumentedResponse("The attendance.", "application/json", "Attendance"), **_REPLIES}, takes_scanner=True
    ),
    "scan_people.search": Operation(
        {200: DocumentedResponse("The people.", "application/json", "FoundPeople"), **_REPLIES},
        optional_query=("q",),
        takes_scanner=True,
    ),
}
