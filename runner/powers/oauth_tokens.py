"""OAuth2 client credentials (RFC 6749, 4.4): one token for all runs of a connection, fetched by one of them.

Tokens stay in the memory of the process, so that none is ever stored; each worker process fetches its own.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from sandbox import CallFault, CallNotMade

from .connections.vendor_connection import OAuth2ClientCredentials, VendorConnection, parse_base
from .credentials import basic_value
from .http.bodies import ACCEPT_ENCODING, unpacked
from .http.exchange import ExchangeFailed, OutgoingRequest
from .http.pinned_connection import PinnedConnector

MAX_ANSWER: Final = 64 * 1024  #: bytes of a token server's answer
MAX_LIFE_S: Final = 24 * 3600.0
MOST_SLOTS: Final = 2000  #: credentials whose tokens a process holds; the oldest go first
DEFAULT_LIFE_S: Final = 300.0  #: when the server does not say
MARGIN_S: Final = 30.0  #: a token is not used within this time before its end (or a tenth of a short life)
FAILURE_KEPT_S: Final = 3.0  #: after a refusal, no token is requested for this long, because servers lock accounts
YOUNG_S: Final = 5.0  #: a token this new is not to blame for a 401

_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
#: Codes of RFC 6749 (5.2, 4.1.2.1) that are shown to the author; any other text might contain what we sent.
_ERROR_CODES: Final = frozenset(
    {"invalid_request", "invalid_client", "invalid_grant", "invalid_scope", "unauthorized_client",
     "unsupported_grant_type", "access_denied", "server_error", "temporarily_unavailable"}
)  # fmt: skip


@dataclass
class _Slot:
    """The token of one connection. The thread that holds the lock may fetch; the others wait for it."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    token: str = field(default="", repr=False)
    fetched_at: float = 0.0
    ends_at: float = 0.0
    failure: CallNotMade | None = None
    failed_until: float = 0.0


class OAuthTokens:
    """The tokens of a process, by implementation, connection and credentials: changed credentials never get an old token."""

    def __init__(self, connector: PinnedConnector, *, allow_loopback: bool) -> None:
        self._connector = connector
        self._allow_loopback = allow_loopback
        self._slots: dict[tuple[str, str, OAuth2ClientCredentials], _Slot] = {}
        self._lock = threading.Lock()

    def token(self, connection: VendorConnection, auth: OAuth2ClientCredentials, *, deadline: float) -> str:
        """Return a token that is valid for a while; raises `CallNotMade` or `ExchangeFailed`."""
        slot = self._slot(connection, auth)
        if not slot.lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise ExchangeFailed(CallFault.TIMEOUT, "the token did not come in time")
        try:
            now = time.monotonic()
            if slot.failure and now < slot.failed_until:
                raise CallNotMade(slot.failure.fault, slot.failure.text)
            if not slot.token or now >= slot.ends_at:
                self._fetch(slot, auth, deadline)
            return slot.token
        finally:
            slot.lock.release()

    def drop(self, connection: VendorConnection, auth: OAuth2ClientCredentials, token: str, *, deadline: float) -> bool:
        """Drop a token that the vendor answered with 401; return whether another try makes sense."""
        slot = self._slot(connection, auth)
        if not slot.lock.acquire(timeout=max(0.0, deadline - time.monotonic())):
            return False
        try:
            if slot.token == token and time.monotonic() - slot.fetched_at < YOUNG_S:
                return False
            if slot.token == token:
                slot.token = ""
            return True
        finally:
            slot.lock.release()

    def _slot(self, connection: VendorConnection, auth: OAuth2ClientCredentials) -> _Slot:
        with self._lock:
            slot = self._slots.setdefault((connection.implementation, connection.name, auth), _Slot())
            while len(self._slots) > MOST_SLOTS:  # credentials that were changed are never asked for again
                del self._slots[next(iter(self._slots))]
            return slot

    def _fetch(self, slot: _Slot, auth: OAuth2ClientCredentials, deadline: float) -> None:
        try:
            token, life_s = self._ask(auth, deadline)
        except CallNotMade as failure:
            slot.failure, slot.failed_until = failure, time.monotonic() + FAILURE_KEPT_S
            raise
        slot.token, slot.failure, slot.fetched_at = token, None, time.monotonic()
        slot.ends_at = slot.fetched_at + life_s - min(MARGIN_S, life_s / 10)

    def _ask(self, auth: OAuth2ClientCredentials, deadline: float) -> tuple[str, float]:
        """Ask the token server, under the same rules as every call: addresses, limits, deadline; no redirects."""
        base = parse_base(auth.token_url, allow_loopback=self._allow_loopback)
        fields = {"grant_type": "client_credentials"} | ({"scope": auth.scope} if auth.scope else {})
        headers = [
            ("Host", base.origin.host_header),
            ("Accept", "application/json"),
            ("Accept-Encoding", ACCEPT_ENCODING),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ]
        if auth.secret_in_body:
            fields |= {"client_id": auth.client_id, "client_secret": auth.client_secret}
        else:
            value = basic_value(quote_plus(auth.client_id), quote_plus(auth.client_secret))
            headers.append(("Authorization", f"Basic {value}"))
        outgoing = OutgoingRequest("POST", base.path or "/", tuple(headers), urlencode(fields).encode("ascii"))
        incoming = self._connector.exchange(base.origin, outgoing, deadline=deadline, max_body=MAX_ANSWER)
        try:
            answer = json.loads(unpacked(incoming, MAX_ANSWER))
        except (ValueError, RecursionError):
            answer = None
        return _read_answer(incoming.status, answer)


def _read_answer(status: int, answer: Any) -> tuple[str, float]:
    """Read token and lifetime from a token server's answer (RFC 6749, 5.1). Nothing else of it is repeated."""
    if not isinstance(answer, dict):
        answer = {}
    if status != 200:
        code = answer.get("error")
        shown = f" ({code})" if isinstance(code, str) and code in _ERROR_CODES else ""
        fault = CallFault.CONNECTION if status >= 500 else CallFault.REFUSED
        raise CallNotMade(fault, f"the token server answered {status}{shown} to the connection's credentials")
    token, kind, life_s = answer.get("access_token"), answer.get("token_type", "Bearer"), answer.get("expires_in")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise CallNotMade(CallFault.CONNECTION, "the token server's answer contains no usable token")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise CallNotMade(CallFault.CONNECTION, "the token server returned a token of an unknown type")
    return token, _life_of(life_s)


def _life_of(expires_in: Any) -> float:
    try:
        life_s = float(expires_in)
    except (TypeError, ValueError, OverflowError):
        return DEFAULT_LIFE_S
    return min(life_s, MAX_LIFE_S) if life_s > 0 else DEFAULT_LIFE_S
