"""A vendor's test systems, as an author names them in `connections.json`, called without a store.

    {"cme": {"base_url": "https://test.example.org/api", "auth_kind": "basic", "auth_fields": {"user": "status"},
             "secret_env": "CME_SECRET", "methods": ["GET"]}}

A secret is never in the file: `secret_env` names the environment variable that has it. The file may come from somebody else,
and could name any variable of the author and send it anywhere: so the author is asked for each (`MaySend`). The rules of calls
are those of the service, but addresses of this machine may be called, and there is neither a breaker nor a limit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from records.errors import FieldFault
from records.tenants import credential_kinds
from runner.powers.answer_cache import AnswerCache
from runner.powers.call_health import CallHealth
from runner.powers.connections.errors import FaultyConnectionError
from runner.powers.connections.vendor_connection import METHODS, VendorConnection, auth_of, parse_base
from runner.powers.dispatch import DispatchServices
from runner.powers.http.callable_addresses import HostResolver
from runner.powers.http.exchange import HttpClient
from runner.powers.http.pinned_connection import PinnedConnector
from runner.powers.live_powers import LivePowers
from runner.powers.oauth_tokens import OAuthTokens
from runner.powers.vendor_limits import CallLease, CallVerdict, VendorLimiter

#: Seconds that one call may take: test systems are slow.
TIMEOUT_S: Final = 10.0
#: How the variables of this program begin, an author token among them. The file may come from somebody else.
OWN_PREFIX: Final = "SESSION_STATUS_"
_MEMBERS: Final = frozenset(
    {"base_url", "auth_kind", "auth_fields", "secret_env", "methods", "path_prefixes", "follow_redirects"}
)


@dataclass(frozen=True)
class SecretRequest:
    """What a connection of the file asks for: the value of a variable, for these hosts."""

    variable: str
    connection: str
    hosts: tuple[str, ...]


#: Says whether the author allows a use of a variable.
MaySend = Callable[[SecretRequest], bool]


class AuthorConnectionsError(Exception):
    """`connections.json` cannot be used; the text names the connection and the member."""


@dataclass(frozen=True)
class AuthorConnections:
    """The connections by name, and their secrets, which are looked for in what is written."""

    by_name: Mapping[str, VendorConnection]
    secrets: tuple[str, ...]


def read_connections(data: Any, env: Mapping[str, str], may_send: MaySend) -> AuthorConnections:
    """Read the JSON of `connections.json`. Raises `AuthorConnectionsError`, also for a variable that may not be sent."""
    if not isinstance(data, dict) or not data:
        raise AuthorConnectionsError("it must be an object with a member for each connection")
    found, secrets = {}, []
    for name, given in data.items():
        try:
            found[name], secret = _connection(name, given, env, may_send)
        except FaultyConnectionError as fault:
            raise AuthorConnectionsError(f"{name}: {fault}") from None
        secrets += [secret] if secret else []
    return AuthorConnections(found, tuple(secrets))


class AuthorVendors:
    """Calls to these systems. A context manager."""

    def __init__(self, connections: AuthorConnections) -> None:
        self._connections = connections
        self._http = HttpClient(ca_file=None)
        connector = PinnedConnector(names=HostResolver(), http=self._http, allow_loopback=True)
        self._shared = DispatchServices(
            connector=connector,
            tokens=OAuthTokens(connector, allow_loopback=True),
            limiter=_NoLimits(),
            answer_cache=_NoCache(),
            health=_NoHealth(),
            allow_loopback=True,
        )

    def powers(self) -> LivePowers:
        """Return the powers of one run."""
        return LivePowers(connections=self._connections.by_name, shared=self._shared, fresh=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()


class _NoHealth(CallHealth):
    """Counts nothing."""

    def __init__(self) -> None:
        """There is no store."""

    def note(self, connection: VendorConnection, ms: float, error: str = "") -> None:
        """Do nothing."""


class _NoLimits(VendorLimiter):
    """Admits every call: one author is no crowd."""

    def __init__(self) -> None:
        """There is no store."""

    def enter(self, connection: VendorConnection, *, deadline: float) -> CallLease:  # noqa: ARG002 - the base's signature
        return CallLease()

    def leave(self, connection: VendorConnection, lease: CallLease, verdict: CallVerdict) -> None:
        """Nothing was counted."""


class _NoCache(AnswerCache):
    """No connection here asks for cached answers."""

    def __init__(self) -> None:
        """There is no store."""


def _connection(name: str, given: Any, env: Mapping[str, str], may_send: MaySend) -> tuple[VendorConnection, str]:
    if not isinstance(given, dict):
        raise AuthorConnectionsError(f"{name} must be an object")
    if "secret" in given:
        raise AuthorConnectionsError(
            f"{name}: put the secret into an environment variable, and name that in secret_env"
        )
    unknown = [member for member in given if member not in _MEMBERS]
    if unknown:
        raise AuthorConnectionsError(f"{name}: {unknown[0]!r} is not known; what is: {', '.join(sorted(_MEMBERS))}")
    kind, auth_fields = given.get("auth_kind", "none"), given.get("auth_fields", {})
    _refuse(name, kind, auth_fields)
    base_url = given.get("base_url")
    if not isinstance(base_url, str):
        raise AuthorConnectionsError(f"{name}: base_url is missing")
    parse_base(base_url, allow_loopback=True)
    secret = ""
    if kind != "none":
        use = SecretRequest(
            _variable(name, given.get("secret_env")), name, _hosts(base_url, auth_fields.get("token_url"))
        )
        secret = _secret(use, env, may_send)
    connection = VendorConnection(
        implementation="author",
        name=name,
        base_url=base_url,
        auth=auth_of(kind, auth_fields, secret),
        methods=frozenset(_texts(name, "methods", given.get("methods", ["GET"]))),
        path_prefixes=tuple(_texts(name, "path_prefixes", given.get("path_prefixes", ["/"]))),
        follow_redirects=given.get("follow_redirects") is True,
        timeout_s=TIMEOUT_S,
    )
    if not connection.methods <= METHODS:
        raise AuthorConnectionsError(f"{name}: methods can be GET and POST")
    return connection, secret


def _refuse(name: str, kind: Any, auth_fields: Any) -> None:
    if kind not in credential_kinds.AUTH_KINDS:
        raise AuthorConnectionsError(f"{name}: auth_kind must be one of {', '.join(credential_kinds.AUTH_KINDS)}")
    if not isinstance(auth_fields, dict):
        raise AuthorConnectionsError(f"{name}: auth_fields must be an object")
    faults: list[FieldFault] = credential_kinds.faults(kind, auth_fields, development=True)
    if faults:
        raise AuthorConnectionsError(f"{name}: {faults[0].field} {faults[0].reason}")


def _variable(name: str, variable: Any) -> str:
    if not isinstance(variable, str) or not variable:
        raise AuthorConnectionsError(
            f"{name}: secret_env is missing: it names the environment variable with the secret"
        )
    return variable


def _hosts(*addresses: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(urlsplit(each).netloc for each in addresses if isinstance(each, str)))


def _secret(use: SecretRequest, env: Mapping[str, str], may_send: MaySend) -> str:
    """Return the value of a variable that may be sent.

    1. It is none of this program's own: those are never for a vendor, whatever the author says.
    2. It has a value.
    3. The author allows that it is sent to these hosts.
    """
    name, variable = use.connection, use.variable
    # 1. own variables
    if variable.upper().startswith(OWN_PREFIX):
        raise AuthorConnectionsError(f"{name}: secret_env must not name {variable}: it is not for a vendor")
    # 2. value
    secret = env.get(variable, "")
    if not secret:
        raise AuthorConnectionsError(f"{name}: set the environment variable {variable} to the secret")
    # 3. the author's word
    if not may_send(use):
        raise AuthorConnectionsError(
            f"{name}: the value of {variable} would be sent to {' and '.join(use.hosts)}. "
            f"If that is right, add --allow-env {variable}"
        )
    return secret


def _texts(name: str, member: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise AuthorConnectionsError(f"{name}: {member} must be a list of texts")
    return value
