"""The kinds of External Authentication, and what has to be known for each.

A fault in these fields lets the wrong people in, so each kind says which fields it knows; what it does not know is
refused, not kept.
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
#: How our own call to a vendor of the kind "password" may prove itself.
PASSWORD_AUTH = ("none", "basic", "bearer", "api_key_header")
#: What an answer of a vendor may tell about a person, by the path in its JSON.
RESULT = ("subject", *(one.name for one in user_fields.TABLE if one.sources >= user_fields.PASSWORD))
#: Bytes of a secret that signs (RFC 7518, 3.2).
LEAST_SHARED_KEY = 32
USERNAME, PASSWORD = "{username}", "{password}"


def checked(kind: str, given: Mapping[str, Any], *, development: bool) -> dict[str, Any]:
    """Check the fields of this kind; give the values to store, defaults included. Raises Refused with every fault."""
    if not isinstance(given, Mapping):
        fields.refuse([FieldFault("fields", "is a JSON object")])
    known, defaults = _KINDS[kind]
    checks = known | {name: partial(_address, development=development) for name in known if name in ADDRESSES}
    values = fields.checked(checks, defaults | dict(given))
    fields.refuse(_FAULTS[kind](values))
    return values


def needs_secret(kind: str, values: Mapping[str, Any]) -> bool:
    """Say whether there is a secret beside these fields."""
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
        return [FieldFault(name, "does not belong to HS256, whose key is the secret") for name in sources]
    if len(sources) != 1:
        state = "and their address are both given" if sources else "are missing, and so is their address"
        return [FieldFault("keys", f"{state}. Give one of the two")]
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
        raise ValueError("ends with a path or a query: nothing may follow #")
    return parts.geturl()


def _template(value: Any) -> dict[str, Any]:
    """Check a request's JSON: what the person typed stands as whole values, so that it can never become anything else."""
    template = fields.json_object(8192)(value)
    texts = list(_texts(template))
    for place in (USERNAME, PASSWORD):
        if place not in texts:
            raise ValueError(f'holds "{place}" as a whole value, for example {{"name": "{place}"}}')
        if any(place in text and text != place for text in texts):
            raise ValueError(f"holds {place} inside a longer text: it can only be a whole value")
    return dict(template)


def _texts(value: Any) -> list[str]:
    """Return all texts of a JSON value, keys included: a place in a key would be a mistake too."""
    if isinstance(value, Mapping):
        return [text for key, item in value.items() for text in ([f"{key}:"] if "{" in key else []) + _texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts(item)]
    return [value] if isinstance(value, str) else []


def _path(value: Any) -> str:
    text = str(fields.line(200, empty=False)(value))
    if any(not part for part in text.split("/")):
        raise ValueError("is a path such as data/person/id, without a / at its ends")
    return text


def _result(value: Any) -> dict[str, str]:
    given = fields.json_object(4096)(value)
    unknown = [name for name in given if name not in RESULT]
    if unknown:
        raise ValueError(f"knows {', '.join(RESULT)}, and not {', '.join(unknown)[:100]}")
    if given and "subject" not in given:
        raise ValueError("names no subject: what tells people apart for good")
    return {name: _path(path) for name, path in given.items()}


def _condition(value: Any) -> dict[str, Any] | None:
    """Check where in an answer something is said, and what it is when it is so."""
    if not value:
        return None
    given = fields.json_object(1024)(value)
    if set(given) != {"path", "equals"}:
        raise ValueError("has a path and what it equals")
    if not isinstance(given["equals"], str | int | float | bool):
        raise ValueError("equals a text, a number, true or false")  # noqa: TRY004 - every check raises ValueError
    return {"path": _path(given["path"]), "equals": given["equals"]}


#: The fields which are addresses. What people type into the others may look like one.
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
