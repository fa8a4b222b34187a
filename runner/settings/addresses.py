"""Addresses in the settings: each is parsed, and must contain what it is used for and nothing else.

Anything else would silently be ignored or used in a wrong way, and users would be the first to notice.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import SplitResult, urlsplit

from records.host_names import host_name, is_host

_PORTS = range(1, 65536)
_USUAL = {"http": 80, "https": 443}


def origin(raw: str) -> str:
    """Return `scheme://host[:port]` in the form that browsers use. Raises ValueError for anything else."""
    parts = _split(raw)
    scheme = parts.scheme.lower()
    if scheme not in _USUAL:
        raise ValueError("must start with http:// or https://")
    rest = f"{parts.path}{parts.query}{parts.fragment}"
    if "@" in parts.netloc or rest not in ("", "/") or "?" in raw or "#" in raw:
        raise ValueError("must be a scheme, a host and optionally a port, without user, path, query or fragment")
    name = _host(parts)
    shown = f"[{name}]" if ":" in name else name
    port = _port(parts)
    return f"{scheme}://{shown}" + (f":{port}" if port not in (None, _USUAL[scheme]) else "")


def database(url: str) -> str:
    """Check the address of a database: of a PostgreSQL server, with the name of the database, or of an SQLite file."""
    scheme, _, rest = url.partition("://")
    if scheme not in ("sqlite", "postgresql+psycopg"):
        raise ValueError("must start with sqlite:// or postgresql://")
    if scheme == "sqlite":
        file = PurePosixPath(rest.partition("?")[0].removeprefix("/"))
        if not rest.startswith("/") or not file.is_absolute() or rest.endswith("/"):
            raise ValueError("must name a file by its absolute path: sqlite:////var/lib/session-status/status.db")
        return url
    server = _server(rest)
    if len(server.path) < 2 or "/" in server.path[1:]:  # a slash and a name
        raise ValueError("must end with the name of the database: postgresql://user:password@host/name")
    return url


def store(url: str) -> str:
    """Check the address of a Valkey or Redis server: host, port and number of the database, or the path of a socket."""
    scheme, _, rest = url.partition("://")
    if scheme == "unix":
        path = rest.partition("?")[0].rpartition("@")[2]
        if not path.startswith("/") or path.endswith("/"):
            raise ValueError("must name a socket by its absolute path: unix:///run/valkey/valkey.sock")
        return url
    if scheme not in ("redis", "rediss"):
        raise ValueError("must start with redis://, rediss:// or unix://")
    server = _server(rest)
    number = server.path.removeprefix("/")
    if not server.hostname:
        raise ValueError("must name a host: redis://host:6379/0")
    if number and not (number.isascii() and number.isdigit()):
        raise ValueError("must end with the number of the database, or without a path: redis://host:6379/0")
    return url


def _server(rest: str) -> SplitResult:
    """Parse what follows the scheme. A password may contain any character, so it is removed first."""
    server = _split(f"server://{rest.rpartition('@')[2]}")
    _port(server)
    if server.fragment:
        raise ValueError("must not contain a fragment (#)")
    return server


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.hostname
    except ValueError:
        raise ValueError("cannot be read as an address") from None
    return parts


def _host(parts: SplitResult) -> str:
    name = parts.hostname or ""
    if is_host(name):
        return name
    try:
        return host_name(name)
    except ValueError as fault:
        raise ValueError(f"must name a host: {name!r} {fault}") from None


def _port(parts: SplitResult) -> int | None:
    """Return the port, if there is one. A colon must be followed by one."""
    try:
        port = parts.port
    except ValueError:
        port = 0
    if (port is not None and port not in _PORTS) or parts.netloc.endswith(":"):
        raise ValueError("must have a port from 1 to 65535, or none")
    return port
