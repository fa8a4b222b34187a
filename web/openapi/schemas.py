"""The shapes of answers, as JSON Schema (the dialect of OpenAPI 3.1). A test validates real answers against them."""

from __future__ import annotations

from typing import Any

from web.places import IMPLEMENTATION, SESSION


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
        "color": _or_null({"type": "string", "pattern": "^#[0-9a-f]{6}$"}),
        "action": _or_null(_ref("Action")),
    },
    "The one message. Text is drawn in the colour, a button is filled with it.",
)

_STATUS_MEMBERS: dict[str, Any] = {
    "state": {
        "enum": ["ready", "login", "checking", "hidden", "unavailable"],
        "description": "While checking, a message is the old one, to be shown as such; without a message, show “Checking…”.",
    },
    "message": _or_null(_ref("Message")),
    "as_of": _or_null({"type": "string", "format": "date-time", "description": "When the message was found out."}),
    "stale": {"type": "boolean", "description": "The message is the last good one: show its age beside it."},
    "refresh_after": _or_null(
        {"type": "integer", "minimum": 0, "description": "Seconds after which it is worth asking again."}
    ),
    "run": _or_null({"type": "string", "description": "The run which found the message out, for support."}),
}

STATUS = _object(_STATUS_MEMBERS, "What the session shows this user now.")

_PROBLEM_MEMBERS: dict[str, Any] = {
    "type": {"type": "string", "format": "uri-reference"},
    "title": {"type": "string"},
    "status": {"type": "integer", "minimum": 400, "maximum": 599},
    "detail": {"type": "string", "description": "What happened and what to do, for people."},
}

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "properties": {
        **_PROBLEM_MEMBERS,
        "field": {"type": "string", "description": "The part of the request which is wrong."},
        "missing": {"type": "array", "items": {"type": "string"}, "description": "The parts which are not there."},
    },
    "required": list(_PROBLEM_MEMBERS),
    "additionalProperties": False,
}

LOGIN_PROBLEM = _object(
    {**_PROBLEM_MEMBERS, **_STATUS_MEMBERS},
    "Problem details with the members of the status which leads to the login page.",
)

SCHEMAS: dict[str, Any] = {
    "Action": ACTION,
    "Message": MESSAGE,
    "Status": STATUS,
    "Problem": PROBLEM,
    "LoginProblem": LOGIN_PROBLEM,
    "Alive": _object({"status": {"const": "ok"}}, "The process lives."),
    "Ready": _object(
        {"status": {"const": "ready"}, "parts": {"type": "array", "items": {"type": "string"}}},
        "Statuses can be served; the parts which were looked at.",
    ),
}

PARAMETERS: dict[str, Any] = {
    "implementation": {
        "name": "implementation",
        "in": "path",
        "required": True,
        "description": "The implementation's identifier.",
        "schema": {"type": "string", "pattern": f"^{IMPLEMENTATION.pattern}$"},
    },
    "session_id": {
        "name": "session_id",
        "in": "path",
        "required": True,
        "description": "The session's identifier in the agenda.",
        "schema": {"type": "string", "pattern": f"^{SESSION.pattern}$"},
    },
    "token": {
        "name": "token",
        "in": "path",
        "required": True,
        "description": "What `api.return_url()` put there.",
        "schema": {"type": "string"},
    },
}
