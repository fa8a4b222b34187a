"""The kinds of External Authentication, and the fields of each.

A mistake in these fields lets the wrong people in, so each kind lists its fields; any other field is refused, not stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from records import fields
from records.errors import FieldFault
from records.people import user_fields
from records.tenants import credential_kinds, sealed_secrets

from .public_keys import ALGORITHMS, key_set

KINDS = ("jwt", "introspection", "password")
#: The credentials that our call to a vendor of the kind "password" may use.
PASSWORD_AUTH = ("none", "basic", "bearer", "api_key_header")
#: What a vendor's answer may say about a person, each at a path in its JSON.
RESULT = ("subject", *(one.name for one in user_fields.TABLE if one.sources >= user_fields.PASSWORD))
#: The least bytes of a secret that signs (RFC 7518, 3.2).
LEAST_SHARED_KEY = 32
USERNAME, PASSWORD = "{username}", "{password}"


def checked(kind: str, entered: Mapping[str, Any], *, development: bool) -> dict[str, Any]:
    """Check the fields of this kind; return the values to store, defaults included. Raises RuleViolation with every fault."""
    if not isinstance(entered, Mapping):
        fields.refuse([FieldFault("fields", "must be a JSON object")])
    known, defaults = _KINDS[kind]
    checks = known | {name: partial(_address, development=development) for name in known if name in ADDRESSES}
    values = fields.checked(checks, defaults | dict(entered))
    fields.refuse(_FAULTS[kind](values))
    return values


def needs_secret(kind: str, values: Mapping[str, Any]) -> bool:
    """Say whether these fields need a secret."""
    if kind == "jwt":
        return bool(values.get("algorithm") == "HS256")
    return kind == "introspection" or values.get("auth_kind", "none") != "none"


def secret_check(kind: str) -> fields.Check:
    """Return the check of this kind's secret."""
    return partial(sealed_secrets.text, least=LEAST_SHARED_KEY if kind == "jwt" else 1)


def _jwt_faults(values: dict[str, Any]) -> list[FieldFault]:
    shared = values["algorithm"] == "HS256"
    sources = [name for name in ("keys", "jwks_url") if values[name]]
    if shared:
        return [FieldFault(name, "must be empty for HS256, whose key is the secret") for name in sources]
    if len(sources) != 1:
        state = "and their address are both entered" if sources else "are missing, and so is their address"
        return [FieldFault("keys", f"{state}. Enter one of the two")]
    return key_set_faults(values) if values["keys"] else []


def key_set_faults(values: dict[str, Any]) -> list[FieldFault]:
    """Return what is wrong with keys that were entered."""
    try:
        values["keys"] = key_set(values["keys"], values["algorithm"])
    except ValueError as fault:
        return [FieldFault("keys", str(fault))]
    return []


def _introspection_faults(values: dict[str, Any]) -> list[FieldFault]:
    return _missing(values, "url", "client_id")


def _password_faults(values: dict[str, Any]) -> list[FieldFault]:
    found = _missing(values, "url", "template", "result")
    known = credential_kinds.faults(values["auth_kind"], values["auth_fields"], development=False)
    return found + known


def _missing(values: dict[str, Any], *names: str) -> list[FieldFault]:
    return [FieldFault(name, "is missing") for name in names if not values[name]]


def _address(value: Any, *, development: bool = False) -> str:
    if not value:
        return ""
    parts = fields.called_url(value, development=development)
    if "#" in value:
        raise ValueError("must end with a path or a query, without a #")
    return parts.geturl()


def _template(value: Any) -> dict[str, Any]:
    """Check the JSON of a request: what a person types replaces whole values only, so that it can never change the structure."""
    template = fields.json_object(8192)(value)
    texts = list(_texts(template))
    for place in (USERNAME, PASSWORD):
        if place not in texts:
            raise ValueError(f'must contain "{place}" as a whole value, for example {{"name": "{place}"}}')
        if any(place in text and text != place for text in texts):
            raise ValueError(f"contains {place} within a longer text: it must be a whole value")
    return dict(template)


def _texts(value: Any) -> list[str]:
    """Return all texts of a JSON value, keys included, because a placeholder in a key would be a mistake too."""
    if isinstance(value, Mapping):
        return [text for key, item in value.items() for text in ([f"{key}:"] if "{" in key else []) + _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def _path(value: Any) -> str:
    text = str(fields.line(200, empty=False)(value))
    if any(not part for part in text.split("/")):
        raise ValueError("must be a path such as data/person/id, without a / at its ends")
    return text


def _result(value: Any) -> dict[str, str]:
    paths = fields.json_object(4096)(value)
    unknown = [name for name in paths if name not in RESULT]
    if unknown:
        raise ValueError(f"must only contain {', '.join(RESULT)}, and not {', '.join(unknown)[:100]}")
    if paths and "subject" not in paths:
        raise ValueError("must contain the subject, which identifies a person permanently")
    return {name: _path(path) for name, path in paths.items()}


def _condition(value: Any) -> dict[str, Any] | None:
    """Check a condition: a path in an answer, and the value that must be there."""
    if not value:
        return None
    condition = fields.json_object(1024)(value)
    if set(condition) != {"path", "equals"}:
        raise ValueError("must have a path and what it equals")
    if not isinstance(condition["equals"], str | int | float | bool):
        raise ValueError("must equal a text, a number, true or false")  # noqa: TRY004 - every check raises ValueError
    return {"path": _path(condition["path"]), "equals": condition["equals"]}


#: The fields that are addresses. The text of the others may look like one.
ADDRESSES = ("url", "jwks_url", "login_url")
_KINDS: dict[str, tuple[dict[str, fields.Check], dict[str, Any]]] = {
    "jwt": (
        {
            "issuer": fields.line(255, empty=False),
            "algorithm": fields.one_of(*ALGORITHMS, "HS256"),
            "keys": fields.json_object(64 * 1024),
            "jwks_url": _address,
            "login_url": _address,
        },
        {"issuer": "", "algorithm": "", "keys": {}, "jwks_url": "", "login_url": ""},
    ),
    "introspection": (
        {"url": _address, "client_id": fields.line(255), "audience": fields.line(255)},
        {"url": "", "client_id": "", "audience": ""},
    ),
    "password": (
        {
            "url": _address,
            "auth_kind": fields.one_of(*PASSWORD_AUTH),
            "auth_fields": fields.json_object(8192),
            "template": _template,
            "result": _result,
            "accepted": _condition,
            "excluded_types": fields.each(fields.line(100, empty=False), 50),
            "excluded_text": fields.line(300),
            "opted_out": _condition,
            "opted_out_text": fields.line(300),
            "username_label": fields.line(60, empty=False),
            "password_label": fields.line(60, empty=False),
        },
        {
            "url": "",
            "auth_kind": "none",
            "auth_fields": {},
            "template": {},
            "result": {},
            "accepted": None,
            "excluded_types": [],
            "excluded_text": "",
            "opted_out": None,
            "opted_out_text": "",
            "username_label": "Badge ID",
            "password_label": "Last name",
        },
    ),
}
_FAULTS = {"jwt": _jwt_faults, "introspection": _introspection_faults, "password": _password_faults}
