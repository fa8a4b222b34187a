"""JSON schemas and responses of the hooks that vendors call. A test validates real responses against them."""

from __future__ import annotations

from typing import Any

from records.facts import fact_content
from records.facts.fact_storage import FactAnswer
from web.hooks.fact_batches import MOST_ENTRIES
from web.hooks.status_changes import MOST_USERS

from .responses import DocumentedResponse, Operation, problem
from .schema_forms import listed, or_null, schema_object

_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}
_REASONS = [each.value for each in FactAnswer if each not in (FactAnswer.TAKEN, FactAnswer.UNCHANGED)]

#: The headers that sign a call.
SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")
SIGNATURE_HEADERS: dict[str, dict[str, Any]] = {
    "webhook-id": {
        "description": "The id of the message, the same whenever it is sent again: 1 to 255 visible ASCII characters.",
        "example": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
    },
    "webhook-timestamp": {
        "description": "When the message is sent, in Unix seconds. It may be five minutes away from our clock.",
        "example": "1798275600",
    },
    "webhook-signature": {
        "description": "`v1,` and the Base64 of HMAC-SHA256 over `id.timestamp.body`; several, with a space between them.",
        "example": "v1,LA4yieg5CwxHBeZF1wikaJ4yOQGoLThWIvLmZkidW2E=",
    },
}

HOOK_SCHEMAS: dict[str, Any] = {
    "FactPush": schema_object(
        {
            "session": or_null(_TEXT) | {"description": "The session's ID in the agenda; null for the whole event."},
            "at": {"type": "string", "format": "date-time", "description": "When all of it was true."},
            "facts": {
                "type": "object",
                "maxProperties": MOST_ENTRIES,
                "additionalProperties": or_null({"type": "object"}),
                "description": "What is known, by the user's ID: an object of at most "
                f"{fact_content.MOST_BYTES} bytes as JSON, or null if nothing is known any more.",
            },
        },
        "What a vendor knows about users.",
    ),
    "StatusChange": schema_object(
        {
            "session": or_null(_TEXT) | {"description": "The session's ID in the agenda; null for all sessions."},
            "users": or_null({"type": "array", "items": _TEXT, "maxItems": MOST_USERS})
            | {"description": "The users' IDs; null, with a session, for all who look at it."},
        },
        "Whose messages are to be found anew.",
    ),
    "StatusChangeResult": schema_object(
        {
            "repeated": {"type": "boolean", "description": "The same message was done before; nothing was done now."},
            "taken": _COUNT | {"description": "Users whose messages are found anew."},
            "not_taken": listed(
                schema_object(
                    {"user": _TEXT, "reason": {"enum": ["unknown user"]}}, "A user who was not taken, and why."
                )
            ),
        },
        "What became of the call.",
    ),
    "FactPushResult": schema_object(
        {
            "repeated": {"type": "boolean", "description": "The same message was done before; nothing was done now."},
            "taken": _COUNT,
            "unchanged": _COUNT | {"description": "The same was known already."},
            "not_taken": listed(
                schema_object({"user": _TEXT, "reason": {"enum": _REASONS}}, "An entry that was not taken, and why.")
            ),
        },
        "What became of the entries.",
    ),
}

HOOK_OPERATIONS: dict[str, Operation] = {
    "hooks.change_statuses": Operation(
        {
            200: DocumentedResponse("What became of the call.", "application/json", "StatusChangeResult"),
            400: problem("An identifier, the body or the Host header is malformed. Nothing was done."),
            401: problem("The call is not signed with a secret of this implementation, or too long ago."),
            404: problem("No such implementation."),
            413: problem("The body is too large. Nothing was done."),
            415: problem("The body is not JSON, or has a Content-Encoding. Nothing was done."),
            422: problem("The session is not in the agenda. Nothing was done."),
            429: problem("Too many calls, or too many about everybody at this session.", "Retry-After"),
            503: problem("The store or the database does not answer.", "Retry-After"),
        },
        request_headers=SIGNED,
        json_body="StatusChange",
        signed=True,
    ),
    "hooks.push_facts": Operation(
        {
            200: DocumentedResponse("What became of the entries.", "application/json", "FactPushResult"),
            400: problem("An identifier, the body or the Host header is malformed. Nothing was stored."),
            401: problem("The call is not signed with a secret of this implementation, or too long ago."),
            404: problem("No such implementation."),
            413: problem("The body is too large. Nothing was stored."),
            415: problem("The body is not JSON, or has a Content-Encoding. Nothing was stored."),
            422: problem("The session is not in the agenda, or `at` is in the future. Nothing was stored."),
            429: problem("Too many calls.", "Retry-After"),
            503: problem("The store or the database does not answer.", "Retry-After"),
        },
        request_headers=SIGNED,
        json_body="FactPush",
        signed=True,
    ),
}
