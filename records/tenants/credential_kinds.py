"""The kinds of credentials that a vendor may require, and the fields that each needs besides its secret."""

from __future__ import annotations

import re
from typing import Any

from records import fields
from records.errors import FieldFault

#: The fields of each kind of credential besides its secret: name -> whether it is required.
AUTH_KINDS: dict[str, dict[str, bool]] = {
    "none": {},
    "basic": {"user": True},
    "bearer": {},
    "api_key_header": {"name": True},
    "api_key_parameter": {"name": True},
    "oauth2_client_credentials": {"token_url": True, "client_id": True, "scope": False},
}
#: Headers of the request itself; a credential in one of them would change what is sent, or to whom.
_RESERVED_HEADERS = frozenset(
    (
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")  # RFC 9110, 5.6.2


def faults(kind: str, auth_fields: dict[str, Any], *, development: bool) -> list[FieldFault]:
    """Return what is wrong with the fields of a credential of this kind."""
    known = AUTH_KINDS[kind]
    extra = [name for name in auth_fields if name not in known]
    found = [FieldFault(f"auth_fields.{name}", f"is not a field of {kind}") for name in extra]
    for name, required in known.items():
        if name not in auth_fields and not required:
            continue
        try:
            _AUTH_CHECKS[name](auth_fields.get(name, ""))
            if name == "token_url":
                fields.called_url(auth_fields[name], development=development)
            elif kind == "api_key_header":
                _refuse_reserved(auth_fields[name])
        except ValueError as fault:
            found.append(FieldFault(f"auth_fields.{name}", str(fault)))
    return found


def _refuse_reserved(name: Any) -> None:
    if str(name).lower() in _RESERVED_HEADERS:
        raise ValueError("must not be a header of the request itself")


def _token(value: Any) -> str:
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise ValueError(
            "must be 1 to 100 letters, digits or any of ! # $ % & ' * + - . ^ _ ` | ~ (A to Z without accents)"
        )
    return value


def _user(value: Any) -> str:
    text = fields.line(200, empty=False)(value)
    if ":" in text:
        raise ValueError("must not contain a colon (RFC 7617)")
    return str(text)


_AUTH_CHECKS: dict[str, fields.Check] = {
    "user": _user,
    "name": _token,
    "token_url": fields.line(fields.LONGEST_URL, empty=False),
    "client_id": fields.line(500, empty=False),
    "scope": fields.line(1000),
}
