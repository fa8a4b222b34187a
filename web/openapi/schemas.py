"""The shapes of answers, as JSON Schema (the dialect of OpenAPI 3.1). A test validates real answers against them."""

from __future__ import annotations

from typing import Any

from records import colours, fields, roles
from records.people import user_fields


def _object(properties: dict[str, Any], description: str) -> dict[str, Any]:
    """Return a closed object of which every member is always there."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


ACTION = _object(
    {
        "kind": {"enum": ["link", "scan", "login"], "description": "link: an external site; login: our login page."},
        "url": {"type": "string", "format": "uri"},
    },
    "What a tap on the message opens. A message with an action is drawn as a button.",
)

MESSAGE = _object(
    {
        "text": {"type": "string", "minLength": 1, "maxLength": 120, "description": "Plain text, never markup."},
        "color": _or_null({"type": "string", "pattern": f"^{colours.PATTERN}$"}),
        "action": _or_null(_ref("Action")),
    },
    "The one message. Text is drawn in the colour, a button is filled with it.",
)

_STATUS_MEMBERS: dict[str, Any] = {
    "state": {
        "enum": ["ready", "login", "checking", "hidden", "unavailable"],
        "description": "While checking, a message is the old one, to be shown as such; without a message, show “Checking…”. "
        "Unavailable: no run gives a result; an outage of ours is a 503.",
    },
    "message": _or_null(_ref("Message")),
    "as_of": _or_null(
        {
            "type": "string",
            "format": "date-time",
            "description": "When the message was found out; null for a fallback text.",
        }
    ),
    "stale": {"type": "boolean", "description": "The message is the last good one: show its age beside it."},
    "refresh_after": _or_null(
        {"type": "integer", "minimum": 0, "description": "Seconds after which it is worth asking again."}
    ),
    "run": _or_null({"type": "string", "description": "The run which found the message out, for support."}),
}

_PROBLEM_MEMBERS: dict[str, Any] = {
    "type": {"type": "string", "format": "uri-reference"},
    "title": {"type": "string"},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": {"type": "string", "description": "What happened and what to do, for people."},
}

_REFERENCE = {"type": "string", "description": "By which support finds our log's line."}

_FOR_PEOPLE = {
    "type": "string",
    "pattern": "^[0-9a-f]{8}$",
    "description": "Only while unavailable: show it small, for the person to read out. By it support finds whose status it was.",
}

STATUS = _object(_STATUS_MEMBERS, "What the session shows this user now.")
STATUS["properties"] = {**_STATUS_MEMBERS, "reference": _FOR_PEOPLE}

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        **_PROBLEM_MEMBERS,
        "field": {"type": "string", "description": "The part of the request which is wrong."},
        "reference": _REFERENCE,
    },
    "required": list(_PROBLEM_MEMBERS),
    "additionalProperties": False,
}

LOGIN_PROBLEM = _object(
    {**_PROBLEM_MEMBERS, "reference": _REFERENCE, **_STATUS_MEMBERS},
    "Problem details with the members of the status which leads to the login page.",
)

_TEXT = {"type": "string"}


def _some(properties: dict[str, Any], needed: tuple[str, ...], description: str) -> dict[str, Any]:
    """Return an object of which only some members are always there, and which may have others."""
    return {"type": "object", "description": description, "properties": properties, "required": list(needed)}


TOKEN_REQUEST = _some(
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
        "assertion": {"type": "string", "description": "What the organizer has signed (JWT)."},
        "subject_token": {"type": "string", "description": "The organizer's own access token."},
        "subject_token_type": {"const": "urn:ietf:params:oauth:token-type:access_token"},
        "username": _TEXT,
        "password": _TEXT,
    },
    ("grant_type",),
    "A proof of who asks. Which fields are needed depends on the grant.",
)

TOKENS = _some(
    {
        "access_token": {"type": "string", "description": "Opaque; for the Authorization header."},
        "token_type": {"const": "Bearer"},
        "expires_in": {"type": "integer", "minimum": 1, "description": "Seconds."},
        "refresh_token": {"type": "string", "description": "Opaque; good once, it replaces the one before."},
        "issued_token_type": {"const": "urn:ietf:params:oauth:token-type:access_token"},
    },
    ("access_token", "token_type", "expires_in", "refresh_token"),
    "The tokens (RFC 6749, section 5.1).",
)

OAUTH_ERROR = {
    **_some(
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
        "A refusal in the words of OAuth 2 (RFC 6749, section 5.2).",
    ),
    "additionalProperties": False,
}

LOGIN = _object(
    {
        "implementation": _TEXT,
        "user": _object(
            dict.fromkeys(("id", *user_fields.TEXTS), _TEXT),
            "As the identity provider described them when they last logged in. A text may be empty.",
        ),
        "roles": {
            "type": "array",
            "items": _TEXT,
            "description": f"As they are now, out of: {', '.join(roles.NAMES)}.",
        },
        "expires_at": {"type": "string", "format": "date-time", "description": "When this credential ends by itself."},
    },
    "Who is logged in.",
)

_READINESS: dict[str, Any] = {
    "parts": {
        "type": "object",
        "additionalProperties": {"type": ["boolean", "null"]},
        "description": "The parts that were looked at, and whether each is there; null where that cannot be known.",
    },
    "warnings": {
        "type": "array",
        "items": {"type": "string"},
        "description": "What is missing, though this process can answer: no reason to take it out.",
    },
}

SCHEMAS: dict[str, Any] = {
    "Action": ACTION,
    "Message": MESSAGE,
    "Status": STATUS,
    "Problem": PROBLEM,
    "LoginProblem": LOGIN_PROBLEM,
    "TokenRequest": TOKEN_REQUEST,
    "RevokeRequest": _some({"token": {"type": "string", "minLength": 1}}, ("token",), "An access or refresh token."),
    "Tokens": TOKENS,
    "OAuthError": OAUTH_ERROR,
    "Login": LOGIN,
    "Alive": _object({"status": {"const": "ok"}}, "The process lives."),
    "Ready": _object(
        {"ready": {"const": True}, **_READINESS},
        "What is cached can be answered.",
    ),
    "NotReady": _object(
        {**_PROBLEM_MEMBERS, "ready": {"const": False}, **_READINESS},
        "Problem details: this process can answer nothing at the moment.",
    ),
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
        "description": "What `api.return_url()` put there.",
        "schema": {"type": "string"},
    },
}
