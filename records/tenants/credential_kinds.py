"""The kinds of credential a vendor may ask for, and what has to be known beside the secret for each."""

from __future__ import annotations

import re
from typing import Any

from records import fields
from records.errors import FieldFault

#: What each kind of credential needs beside its secret: field name -> whether it must be there.
AUTH_KINDS: dict[str, dict[str, bool]] = {
    "none": {},
    "basic": {"user": True},
    "bearer": {},
    "api_key_header": {"name": True},
    "api_key_parameter": {"name": True},
    "oauth2_client_credentials": {"token_url": True, "client_id": True, "scope": False},
}
#: Headers which carry the request itself; a credential in one of them would change what is sent and to whom.
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


def faults(kind: str, given: dict[str, Any], *, development: bool) -> list[FieldFault]:
    """Return what is wrong with the fields `given` beside a credential of this kind."""
    known = AUTH_KINDS[kind]
    found = [FieldFault(f"auth_fields.{name}", f"does not belong to {kind}") for name in given if name not in known]
    for name, required in known.items():
        if name not in given and not required:
            continue
        try:
            _AUTH_CHECKS[name](given.get(name, ""))
            if name == "token_url":
                fields.called_url(given[name], development=development)
            elif kind == "api_key_header":
                _refuse_reserved(given[name])
        except ValueError as fault:
            found.append(FieldFault(f"auth_fields.{name}", str(fault)))
    return found


def _refuse_reserved(name: Any) -> None:
    if str(name).lower() in _RESERVED_HEADERS:
        raise ValueError("names a header that belongs to the request itself")


def _token(value: Any) -> str:
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise ValueError("has 1 to 100 letters, digits or '-' '_' '.'")
    return value


def _user(value: Any) -> str:
    text = fields.line(200, empty=False)(value)
    if ":" in text:
        raise ValueError("cannot hold a colon (RFC 7617)")
    return str(text)


_AUTH_CHECKS: dict[str, fields.Check] = {
    "user": _user,
    "name": _token,
    "token_url": fields.line(fields.LONGEST_URL, empty=False),
    "client_id": fields.line(500, empty=False),
    "scope": fields.line(1000),
}
