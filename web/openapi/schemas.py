"""JSON schemas (the dialect of OpenAPI 3.1) of requests and responses. A test validates real responses against them."""

from __future__ import annotations

from typing import Any

from records import colours, fields, roles
from records.people import user_fields

from .author_schemas import AUTHOR_SCHEMAS
from .hook_schemas import HOOK_SCHEMAS
from .scan_schemas import SCAN_SCHEMAS
from .schema_forms import listed, or_null, ref, schema_object, some_members

ACTION = schema_object(
    {
        "kind": {
            "enum": ["link", "scan", "login"],
            "description": "link: an external site; scan: the scanner of this session, for people who scan badges; login: our login page.",
        },
        "url": {"type": "string", "format": "uri"},
    },
    "What a tap on the message opens. A message with an action is shown as a button.",
)

MESSAGE = schema_object(
    {
        "text": {"type": "string", "minLength": 1, "maxLength": 120, "description": "Plain text, never markup."},
        "color": or_null({"type": "string", "pattern": f"^{colours.PATTERN}$"}),
        "action": or_null(ref("Action")),
    },
    "The message. A text is shown in the colour; a button is filled with it.",
)

_STATUS_MEMBERS: dict[str, Any] = {
    "state": {
        "enum": ["ready", "login", "checking", "hidden", "unavailable"],
        "description": "checking: the message, if there is one, is the old one and must be shown as such; otherwise show "
        "“Checking…”. unavailable: no run gives a result. An outage of the service is a 503.",
    },
    "message": or_null(ref("Message")),
    "as_of": or_null(
        {
            "type": "string",
            "format": "date-time",
            "description": "When the message was determined; null for a fallback text.",
        }
    ),
    "stale": {"type": "boolean", "description": "The message is the last good one: show its age beside it."},
    "refresh_after": or_null({"type": "integer", "minimum": 0, "description": "Seconds after which to ask again."}),
    "run": or_null({"type": "string", "description": "The run that determined the message, for support."}),
}

_PROBLEM_MEMBERS: dict[str, Any] = {
    "type": {"type": "string", "format": "uri-reference"},
    "title": {"type": "string"},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": {"type": "string", "description": "What happened and what to do, for people."},
}

_REFERENCE = {"type": "string", "description": "With it, support finds the entry in our log."}

_FOR_PEOPLE = {
    "type": "string",
    "pattern": "^[0-9a-f]{8}$",
    "description": "Only while unavailable. Show it small, so that the person can read it out; with it, support finds the status.",
}

STATUS = schema_object(_STATUS_MEMBERS, "What the session shows this user now.")
STATUS["properties"] = {**_STATUS_MEMBERS, "reference": _FOR_PEOPLE}

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        **_PROBLEM_MEMBERS,
        "field": {"type": "string", "description": "The part of the request that is wrong."},
        "reference": _REFERENCE,
        "findings": {**listed(ref("Finding")), "description": "What the check says of a script that is refused."},
        "faults": {**listed(ref("Fault")), "description": "Every value that is wrong."},
    },
    "required": list(_PROBLEM_MEMBERS),
    "additionalProperties": False,
}

LOGIN_PROBLEM = schema_object(
    {**_PROBLEM_MEMBERS, "reference": _REFERENCE, **_STATUS_MEMBERS},
    "Problem details with the members of the status that leads to the login page.",
)

_TEXT = {"type": "string"}


TOKEN_REQUEST = some_members(
    {
        "grant_type": {
            "enum": [
                "authorization_code",
                "refresh_token",
                "urn:ietf:params:oauth:grant-type:jwt-bearer",
                "urn:ietf:params:oauth:grant-type:token-exchange",
                "urn:x-session-status:grant-type:password",
            ]
        },
        "code": _TEXT,
        "redirect_uri": {"type": "string", "description": "The same as at the start."},
        "code_verifier": {"type": "string", "pattern": "^[A-Za-z0-9._~-]{43,128}$"},
        "refresh_token": _TEXT,
        "assertion": {"type": "string", "description": "The assertion that the organizer has signed (JWT)."},
        "subject_token": {"type": "string", "description": "The access token of the organizer."},
        "subject_token_type": {"const": "urn:ietf:params:oauth:token-type:access_token"},
        "username": _TEXT,
        "password": _TEXT,
    },
    ("grant_type",),
    "A grant. The required fields depend on the grant type.",
)

TOKENS = some_members(
    {
        "access_token": {"type": "string", "description": "Opaque; for the Authorization header."},
        "token_type": {"const": "Bearer"},
        "expires_in": {"type": "integer", "minimum": 1, "description": "Seconds."},
        "refresh_token": {"type": "string", "description": "Opaque; works once, and replaces the previous one."},
        "issued_token_type": {"const": "urn:ietf:params:oauth:token-type:access_token"},
    },
    ("access_token", "token_type", "expires_in", "refresh_token"),
    "The tokens (RFC 6749, section 5.1).",
)

OAUTH_ERROR = {
    **some_members(
        {
            "error": {
                "enum": [
                    "invalid_request",
                    "invalid_grant",
                    "unauthorized_client",
                    "unsupported_grant_type",
                    "slow_down",
                    "temporarily_unavailable",
                    "server_error",
                ]
            },
            "error_description": {"type": "string", "description": "For developers."},
            "detail": {"type": "string", "description": "For the person who logs in."},
            "reference": _REFERENCE,
        },
        ("error", "error_description", "reference"),
        "An OAuth 2 error (RFC 6749, section 5.2).",
    ),
    "additionalProperties": False,
}

LOGIN = schema_object(
    {
        "implementation": _TEXT,
        "user": schema_object(
            dict.fromkeys(("id", *user_fields.TEXTS), _TEXT),
            "The profile from the identity provider at the last login. A text may be empty.",
        ),
        "roles": {
            "type": "array",
            "items": _TEXT,
            "description": f"The current roles, from: {', '.join(roles.NAMES)}.",
        },
        "expires_at": {"type": "string", "format": "date-time", "description": "When this credential expires."},
    },
    "Who is logged in.",
)

_READINESS: dict[str, Any] = {
    "parts": {
        "type": "object",
        "additionalProperties": {"type": ["boolean", "null"]},
        "description": "The checked parts, and whether each is available; null if that is unknown.",
    },
    "warnings": {
        "type": "array",
        "items": {"type": "string"},
        "description": "What is missing although this process can answer; no reason to remove it from load balancing.",
    },
}

SCHEMAS: dict[str, Any] = {
    "Action": ACTION,
    "Message": MESSAGE,
    "Status": STATUS,
    "Problem": PROBLEM,
    "LoginProblem": LOGIN_PROBLEM,
    "TokenRequest": TOKEN_REQUEST,
    "RevokeRequest": some_members(
        {"token": {"type": "string", "minLength": 1}}, ("token",), "An access or refresh token."
    ),
    "Tokens": TOKENS,
    "OAuthError": OAUTH_ERROR,
    "Login": LOGIN,
    "Alive": schema_object({"status": {"const": "ok"}}, "The process is alive."),
    "Ready": schema_object(
        {"ready": {"const": True}, **_READINESS},
        "The process can serve cached statuses.",
    ),
    "NotReady": schema_object(
        {**_PROBLEM_MEMBERS, "ready": {"const": False}, **_READINESS},
        "Problem details: this process cannot answer any request at the moment.",
    ),
    **AUTHOR_SCHEMAS,
    **SCAN_SCHEMAS,
    **HOOK_SCHEMAS,
}

PARAMETERS: dict[str, Any] = {
    "implementation": {
        "name": "implementation",
        "in": "path",
        "required": True,
        "description": "The implementation's identifier.",
        "schema": {"type": "string", "pattern": f"^{fields.SLUG.pattern}$"},
    },
    "session_id": {
        "name": "session_id",
        "in": "path",
        "required": True,
        "description": "The session's identifier in the agenda.",
        "schema": {"type": "string", "pattern": f"^{fields.SESSION_ID.pattern}$"},
    },
    "token": {
        "name": "token",
        "in": "path",
        "required": True,
        "description": "The token in the address that `api.return_url()` made.",
        "schema": {"type": "string"},
    },
}
