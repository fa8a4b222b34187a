"""Credentials: how each kind is added to a request.

They are added last, after everything that the script chose was checked. A script can neither set nor see them.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from .call_request import CallRequest, canonical, refused
from .connections.errors import FaultyConnectionError
from .connections.vendor_connection import ApiKeyHeader, ApiKeyParameter, Auth, Basic, Bearer, NoAuth
from .redaction import MIN_REDACTED

_FIELD_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")


@dataclass(frozen=True)
class Credentials:
    """What is added to a request; `secrets` must never appear in an answer or a trace."""

    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    params: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def credentials_of(auth: Auth, token: str = "") -> Credentials:
    """Return the credentials; `token` is the fetched one for OAuth2. Raises `FaultyConnectionError`."""
    match auth:
        case NoAuth():
            return Credentials()
        case Basic(user, password):
            # Many vendors take an API key as the user name, with an empty or a fixed password.
            secrets = (password,) if len(password) >= MIN_REDACTED else (password, user)
            value = basic_value(user, password)
            return Credentials(headers=(("Authorization", f"Basic {value}"),), secrets=(value, *secrets))
        case Bearer(fixed):
            return Credentials(headers=(("Authorization", f"Bearer {_sendable(fixed)}"),), secrets=(fixed,))
        case ApiKeyHeader(name, key):
            if not _NAME.fullmatch(name):
                raise FaultyConnectionError("the name of the API key's header has characters that are not allowed")
            return Credentials(headers=((name, _sendable(key)),), secrets=(key,))
        case ApiKeyParameter(name, key):
            return Credentials(params=((name, key),), secrets=(key,))
        case _:
            secrets = (token, auth.client_secret)
            return Credentials(headers=(("Authorization", f"Bearer {_sendable(token)}"),), secrets=secrets)


def basic_value(user: str, password: str) -> str:
    """Encode user and password by RFC 7617."""
    if ":" in user:
        raise FaultyConnectionError("a user name for Basic authentication must not contain a colon")
    return base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def _sendable(secret: str) -> str:
    if not _FIELD_VALUE.fullmatch(secret):
        raise FaultyConnectionError("the secret is empty, or has characters that a header may not have")
    return secret


def refuse_collisions(auth: Auth, request: CallRequest) -> None:
    """Refuse a header or parameter of the script that would carry the key; raises `CallNotMade`."""
    if isinstance(auth, ApiKeyHeader) and canonical(auth.name) in {canonical(name) for name, _ in request.headers}:
        raise refused(f"the header {auth.name} carries the connection's key and cannot be set by a script")
    if isinstance(auth, ApiKeyParameter) and auth.name.lower() in {name.lower() for name, _ in request.params}:
        raise refused(f"the parameter {auth.name} carries the connection's key and cannot be set by a script")
