"""Vendor connections as the powers need them: address, credentials and limits.

A script never sees one of these; it only knows the name. No `repr` here shows a secret, and no text that is built from
one of these contains one.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from records.host_names import is_host

from .errors import FaultyConnectionError

if TYPE_CHECKING:
    from records import OpenedConnection  # it loads the tables, which recorded answers do not need

#: Methods that a script can use at all; a connection allows some of them.
METHODS: Final = frozenset({"GET", "POST"})
#: Methods that can be sent twice without doing something twice (RFC 9110, 9.2.2).
IDEMPOTENT: Final = frozenset({"GET"})

_BASE = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_.-]+)(:(?P<port>[0-9]{1,5}))?(?P<path>/[^?#]*)?",
    re.IGNORECASE,
)
_PATH = re.compile(r"(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)*/?")


@dataclass(frozen=True)
class NoAuth:
    """The vendor asks for no credentials."""


@dataclass(frozen=True)
class Basic:
    """User name and password (RFC 7617)."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Bearer:
    """A fixed token in the Authorization header (RFC 6750)."""

    token: str = field(repr=False)


@dataclass(frozen=True)
class ApiKeyHeader:
    """A key in a header of the vendor's choice."""

    name: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class ApiKeyParameter:
    """A key in the query, for vendors that accept no better way."""

    name: str
    key: str = field(repr=False)


@dataclass(frozen=True)
class OAuth2ClientCredentials:
    """A token fetched from `token_url` with the client's own credentials (RFC 6749, 4.4)."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str = ""
    #: For servers that do not read the credentials from the Authorization header (RFC 6749, 2.3.1).
    secret_in_body: bool = False


Auth = NoAuth | Basic | Bearer | ApiKeyHeader | ApiKeyParameter | OAuth2ClientCredentials


def auth_of(kind: str, fields: Mapping[str, str], secret: str) -> Auth:
    """Return the credential of a configured kind. An unknown kind is a bug, and sends nothing."""
    match kind:
        case "none":
            return NoAuth()
        case "basic":
            return Basic(fields["user"], secret)
        case "bearer":
            return Bearer(secret)
        case "api_key_header":
            return ApiKeyHeader(fields["name"], secret)
        case "api_key_parameter":
            return ApiKeyParameter(fields["name"], secret)
        case "oauth2_client_credentials":
            return OAuth2ClientCredentials(fields["token_url"], fields["client_id"], secret, fields.get("scope", ""))
    raise ValueError(f"unknown kind of credential {kind!r}")


@dataclass(frozen=True)
class VendorConnection:
    """A named vendor system of one implementation.

    `path_prefixes` are compared with the path as the script writes it, by whole segments; `("/",)` allows every path
    and an empty tuple none. `timeout_s` limits one call as a whole, with its redirects, its retries and the wait for its
    turn. `cache_s` is for how long an answer to a GET may be used again (0: never).
    """

    implementation: str
    name: str
    base_url: str
    auth: Auth = NoAuth()
    methods: frozenset[str] = frozenset({"GET"})
    path_prefixes: tuple[str, ...] = ("/",)
    follow_redirects: bool = False
    timeout_s: float = 3.0
    cache_s: int = 0
    rate_per_s: float | None = None
    concurrency: int | None = None
    max_body_bytes: int = 1024 * 1024


def vendor_connection(opened: OpenedConnection) -> VendorConnection:
    """Return the connection for an opened one of the records."""
    return VendorConnection(
        implementation=opened.implementation,
        name=opened.name,
        base_url=opened.base_url,
        auth=auth_of(opened.auth_kind, opened.auth_fields, opened.secret),
        methods=frozenset(opened.methods),
        path_prefixes=opened.path_prefixes,
        follow_redirects=opened.follow_redirects,
        timeout_s=opened.timeout_s,
        cache_s=opened.cache_s,
        rate_per_s=opened.rate_per_s,
        concurrency=opened.concurrency,
        max_body_bytes=opened.max_body_bytes,
    )


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port: the only server that a connection may talk to."""

    scheme: str
    host: str  #: lower case; an IPv6 address without brackets
    port: int

    @property
    def host_header(self) -> str:
        """The Host field (RFC 9110, 7.2): the port only if it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"https": 443, "http": 80}[self.scheme] else f"{host}:{self.port}"


@dataclass(frozen=True)
class BaseAddress:
    """A parsed base address: the origin, and a path without a slash at its end."""

    origin: Origin
    path: str


@functools.lru_cache(maxsize=4096)
def parse_base(url: str, *, allow_loopback: bool) -> BaseAddress:
    """Parse a base or token address; raises `FaultyConnectionError`, which says what is wrong with it.

    1. Only `scheme://host[:port][/path]` in plain characters: no user info, query, fragment, escapes or `..`.
    2. `https` only; `http` only in development, and then only for a loopback host (which the address check proves).
    3. The host is a plain name or an IP address, without a dot at its end.
    4. Two parsers agree on the host, so that neither was tricked.
    """
    # 1. shape
    match = _BASE.fullmatch(url)
    if not match:
        raise FaultyConnectionError("the base address is not of the form https://host/path")
    path = match["path"] or ""
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise FaultyConnectionError("the path of the base address has characters or segments that are not allowed")
    # 2. scheme
    scheme = match["scheme"].lower()
    if scheme != "https" and not allow_loopback:
        raise FaultyConnectionError("the base address does not start with https://")
    # 3. host and port
    host = match["host"].lower()
    if not is_host(host.strip("[]")) or host.startswith("[") != (":" in host):
        raise FaultyConnectionError("the host of the base address is not a plain host name")
    port = int(match["port"] or (443 if scheme == "https" else 80))
    if not 0 < port < 65536:  # the range of TCP ports
        raise FaultyConnectionError("the port of the base address is out of range")
    # 4. a second opinion
    if urlsplit(url).hostname != host.strip("[]"):
        raise FaultyConnectionError("the base address can be read in two ways")
    return BaseAddress(Origin(scheme, host.strip("[]"), port), path.rstrip("/"))
