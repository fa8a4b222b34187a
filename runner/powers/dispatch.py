"""Sends one call to its vendor, after everything that could be checked beforehand was checked.

Four layers, from the outside in: the vendor's limits, redirects, a rejected token, retries. Each is one method that calls
the next. Whatever happens in them, the lease is given back to the limiter.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Final

from sandbox import CallFault, CallNotMade

from .answer_cache import AnswerCache
from .call_health import CallHealth
from .call_record import CallProgress
from .call_request import CallRequest, encode_query, refused
from .connections.vendor_connection import (
    IDEMPOTENT,
    ApiKeyParameter,
    BaseAddress,
    OAuth2ClientCredentials,
    VendorConnection,
    parse_base,
)
from .credentials import Credentials, credentials_of
from .http.bodies import ACCEPT_ENCODING
from .http.exchange import ExchangeFailed, IncomingResponse, OutgoingRequest
from .http.pinned_connection import PinnedConnector
from .oauth_tokens import OAuthTokens
from .redirects import MAX_HOPS, is_redirect, next_hop
from .vendor_limits import CallVerdict, VendorLimiter

MAX_RETRIES: Final = 2
RETRY_WAIT_S: Final = 0.1  #: doubled each time, with jitter
MAX_RETRY_AFTER_S: Final = 2.0  #: a vendor that asks for more gets no second request in this run
MIN_TRY_S: Final = 0.25  #: no retry if less than this would be left for it
JUDGED_S: Final = 1.0  #: a time-out counts as the vendor's failure if it had this long, or half of its own time-out

_WORTH_A_RETRY: Final = frozenset({502, 503, 504})
_SERVER_FAILED: Final = 500
_UNAUTHORIZED: Final = 401


@dataclass(frozen=True)
class DispatchServices:
    """What the calls of all runs of a process share."""

    connector: PinnedConnector
    tokens: OAuthTokens
    limiter: VendorLimiter
    answer_cache: AnswerCache
    health: CallHealth
    allow_loopback: bool
    digest_key: bytes = field(default=b"", repr=False)  #: as in `CallProgress`


class CallDispatch:
    """Sends one call of a connection. `deadline` is a monotonic time, `max_body` counts bytes."""

    def __init__(
        self,
        shared: DispatchServices,
        connection: VendorConnection,
        progress: CallProgress,
        *,
        deadline: float,
        max_body: int,
    ) -> None:
        self._shared = shared
        self._connection = connection
        self._progress = progress
        self._deadline = deadline
        self._max_body = max_body
        self._base = parse_base(connection.base_url, allow_loopback=shared.allow_loopback)

    def send(self, request: CallRequest) -> IncomingResponse:
        """Send the call when it is its turn; raises `CallNotMade`, `ExchangeFailed` and `FaultyConnectionError`."""
        lease = self._shared.limiter.enter(self._connection, deadline=self._deadline)
        began = time.monotonic()
        verdict, error = CallVerdict.UNKNOWN, ""
        try:
            incoming = self._follow(request)
            verdict = CallVerdict.FAILED if incoming.status >= _SERVER_FAILED else CallVerdict.WELL
            error = f"HTTP status {incoming.status}"
        except (ExchangeFailed, CallNotMade) as failed:
            verdict, error = _verdict_on(failed.fault, self._deadline - began, self._connection.timeout_s), failed.fault
            raise
        finally:
            self._shared.limiter.leave(self._connection, lease, verdict)
            self._note_health(verdict, error, (time.monotonic() - began) * 1000)
        return incoming

    def _note_health(self, verdict: CallVerdict, error: str, ms: float) -> None:
        """Count the call, unless it says nothing about the vendor."""
        if verdict is not CallVerdict.UNKNOWN:
            self._shared.health.note(self._connection, ms, error if verdict is CallVerdict.FAILED else "")

    def _follow(self, request: CallRequest) -> IncomingResponse:
        """Follow redirects if the connection allows that; each hop is checked like the first request."""
        for _ in range(MAX_HOPS + 1):
            incoming = self._with_token(request)
            if not (self._connection.follow_redirects and is_redirect(incoming)):
                return incoming
            request = next_hop(self._connection, self._base, request, incoming)
        raise refused(f"the vendor redirected more than {MAX_HOPS} times")

    def _with_token(self, request: CallRequest) -> IncomingResponse:
        """Send with credentials. A token that the vendor rejects is fetched again, once, if the call can be repeated."""
        auth = self._connection.auth
        if not isinstance(auth, OAuth2ClientCredentials):
            return self._with_retries(request, self._credentials(""))
        token = self._token(auth)
        incoming = self._with_retries(request, self._credentials(token))
        if incoming.status != _UNAUTHORIZED or not self._drop_token(auth, token):
            return incoming
        if request.method not in IDEMPOTENT:
            return incoming
        return self._with_retries(request, self._credentials(self._token(auth)))

    def _drop_token(self, auth: OAuth2ClientCredentials, token: str) -> bool:
        return self._shared.tokens.drop(self._connection, auth, token, deadline=self._deadline)

    def _token(self, auth: OAuth2ClientCredentials) -> str:
        return self._shared.tokens.token(self._connection, auth, deadline=self._deadline)

    def _credentials(self, token: str) -> Credentials:
        credentials = credentials_of(self._connection.auth, token)
        self._progress.secrets = tuple({*self._progress.secrets, *credentials.secrets})
        return credentials

    def _with_retries(self, request: CallRequest, credentials: Credentials) -> IncomingResponse:
        """Send, and send again if that does no harm and may help: after a broken connection or a 502, 503 or 504."""
        retries = MAX_RETRIES if request.method in IDEMPOTENT else 0
        for attempt in range(retries):
            incoming, failed = self._attempt(request, credentials)
            if incoming and incoming.status not in _WORTH_A_RETRY:
                return incoming
            wait_s = _wait_of(incoming, attempt)
            if time.monotonic() + wait_s + MIN_TRY_S < self._deadline and wait_s <= MAX_RETRY_AFTER_S:
                time.sleep(wait_s)
                continue
            if incoming:
                return incoming
            assert failed is not None
            raise failed
        return self._once(request, credentials)

    def _attempt(
        self, request: CallRequest, credentials: Credentials
    ) -> tuple[IncomingResponse | None, ExchangeFailed | None]:
        """Send once; return the answer, or a failure after which another attempt may help. Raises any other failure."""
        try:
            return self._once(request, credentials), None
        except ExchangeFailed as failed:
            if failed.fault is not CallFault.CONNECTION or failed.lasting:
                raise
            return None, failed

    def _once(self, request: CallRequest, credentials: Credentials) -> IncomingResponse:
        self._progress.attempts += 1
        outgoing = complete(self._connection, self._base, request, credentials)
        room = self._max_body - self._progress.bytes_read
        try:
            incoming = self._shared.connector.exchange(
                self._base.origin, outgoing, deadline=self._deadline, max_body=room
            )
        except ExchangeFailed as failed:
            self._progress.bytes_read += failed.bytes_read
            raise
        self._progress.bytes_read += len(incoming.body)
        return incoming


def complete(
    connection: VendorConnection, base: BaseAddress, request: CallRequest, credentials: Credentials
) -> OutgoingRequest:
    """Return the request as it is sent: first what the script chose, then our headers, then the credentials."""
    params = request.params
    if isinstance(connection.auth, ApiKeyParameter):
        # A redirect may contain our own key, which must not be sent twice.
        params = tuple((name, value) for name, value in params if name.lower() != connection.auth.name.lower())
    query = encode_query((*params, *credentials.params))
    chosen = {name.lower() for name, _ in request.headers}
    ours = [("Host", base.origin.host_header), ("User-Agent", "session-status"), ("Accept-Encoding", ACCEPT_ENCODING)]
    if "accept" not in chosen:
        ours.append(("Accept", "application/json"))
    if request.body is not None and "content-type" not in chosen:
        ours.append(("Content-Type", "application/json"))
    target = base.path + request.path + (f"?{query}" if query else "")
    return OutgoingRequest(request.method, target, (*request.headers, *ours, *credentials.headers), request.body)


def _wait_of(incoming: IncomingResponse | None, attempt: int) -> float:
    """Return the seconds until the next attempt: what the vendor asks for in Retry-After, otherwise a short, growing time."""
    asked_for = incoming.header("retry-after") if incoming else ""
    if asked_for.isascii() and asked_for.isdigit():
        return float(asked_for[:9])
    return RETRY_WAIT_S * float(2**attempt) * random.uniform(0.5, 1.5)  # noqa: S311 - spreads retries, guards nothing


def _verdict_on(fault: CallFault, had_s: float, timeout_s: float) -> CallVerdict:
    had_enough = had_s >= min(JUDGED_S, timeout_s / 2)
    if fault is CallFault.CONNECTION or (fault is CallFault.TIMEOUT and had_enough):
        return CallVerdict.FAILED
    return CallVerdict.UNKNOWN
