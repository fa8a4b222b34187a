"""One call's way to its vendor, after everything that could be decided beforehand was decided.

Four layers, from the outside in: the gate, redirects, a rejected token, retries. Each is one method which calls the
next, and whatever happens in one of them, the pass is given back to the gate.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, field
from typing import Final

from sandbox import CallFault, CallNotMade

from .answer_cache import AnswerCache
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
JUDGED_S: Final = 1.0  #: a vendor that was too slow but had less time than this (and than half its own) did not fail

_WORTH_A_RETRY: Final = frozenset({502, 503, 504})
_SERVER_FAILED: Final = 500
_UNAUTHORIZED: Final = 401


@dataclass(frozen=True)
class DispatchServices:
    """What all runs of a process share."""

    reach: PinnedConnector
    tokens: OAuthTokens
    gate: VendorLimiter
    kept: AnswerCache
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

    def send(self, asked: CallRequest) -> IncomingResponse:
        """Send when it is the call's turn; raises `CallNotMade`, `ExchangeFailed` and `FaultyConnectionError`."""
        leave = self._shared.gate.enter(self._connection, deadline=self._deadline)
        had_s = self._deadline - time.monotonic()
        verdict = CallVerdict.UNKNOWN
        try:
            incoming = self._follow(asked)
            verdict = CallVerdict.FAILED if incoming.status >= _SERVER_FAILED else CallVerdict.WELL
        except (ExchangeFailed, CallNotMade) as failed:
            verdict = _verdict_on(failed.fault, had_s, self._connection.timeout_s)
            raise
        finally:
            self._shared.gate.leave(self._connection, leave, verdict)
        return incoming

    def _follow(self, asked: CallRequest) -> IncomingResponse:
        """Follow redirects, if the connection allows that, each hop checked like the first."""
        for _ in range(MAX_HOPS + 1):
            incoming = self._with_token(asked)
            if not (self._connection.follow_redirects and is_redirect(incoming)):
                return incoming
            asked = next_hop(self._connection, self._base, asked, incoming)
        raise refused(f"the vendor redirected more than {MAX_HOPS} times")

    def _with_token(self, asked: CallRequest) -> IncomingResponse:
        """Send with credentials; a token that the vendor rejects is fetched anew, once, if the call can be repeated."""
        auth = self._connection.auth
        if not isinstance(auth, OAuth2ClientCredentials):
            return self._repeatedly(asked, self._credentials(""))
        token = self._token(auth)
        incoming = self._repeatedly(asked, self._credentials(token))
        if incoming.status != _UNAUTHORIZED or not self._dropped(auth, token):
            return incoming
        if asked.method not in IDEMPOTENT:
            return incoming
        return self._repeatedly(asked, self._credentials(self._token(auth)))

    def _dropped(self, auth: OAuth2ClientCredentials, token: str) -> bool:
        return self._shared.tokens.drop(self._connection, auth, token, deadline=self._deadline)

    def _token(self, auth: OAuth2ClientCredentials) -> str:
        return self._shared.tokens.token(self._connection, auth, deadline=self._deadline)

    def _credentials(self, token: str) -> Credentials:
        credentials = credentials_of(self._connection.auth, token)
        self._progress.secrets = tuple({*self._progress.secrets, *credentials.secrets})
        return credentials

    def _repeatedly(self, asked: CallRequest, credentials: Credentials) -> IncomingResponse:
        """Send, and send again if that can do no harm and may help: after a broken connection or a 502, 503 or 504."""
        retries = MAX_RETRIES if asked.method in IDEMPOTENT else 0
        for attempt in range(retries):
            incoming, failed = self._attempt(asked, credentials)
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
        return self._once(asked, credentials)

    def _attempt(
        self, asked: CallRequest, credentials: Credentials
    ) -> tuple[IncomingResponse | None, ExchangeFailed | None]:
        """Send once; gives the answer or a failure after which another attempt may help, and raises any other."""
        try:
            return self._once(asked, credentials), None
        except ExchangeFailed as failed:
            if failed.fault is not CallFault.CONNECTION or failed.lasting:
                raise
            return None, failed

    def _once(self, asked: CallRequest, credentials: Credentials) -> IncomingResponse:
        self._progress.attempts += 1
        outgoing = complete(self._connection, self._base, asked, credentials)
        room = self._max_body - self._progress.bytes_read
        try:
            incoming = self._shared.reach.exchange(self._base.origin, outgoing, deadline=self._deadline, max_body=room)
        except ExchangeFailed as failed:
            self._progress.bytes_read += failed.bytes_read
            raise
        self._progress.bytes_read += len(incoming.body)
        return incoming


def complete(
    connection: VendorConnection, base: BaseAddress, asked: CallRequest, credentials: Credentials
) -> OutgoingRequest:
    """Write the request as it goes out: what the script chose first, then ours, then the credentials."""
    params = asked.params
    if isinstance(connection.auth, ApiKeyParameter):
        # A redirect may have brought our own key back, which must not be sent twice.
        params = tuple((name, value) for name, value in params if name.lower() != connection.auth.name.lower())
    query = encode_query((*params, *credentials.params))
    chosen = {name.lower() for name, _ in asked.headers}
    ours = [("Host", base.origin.host_header), ("User-Agent", "session-status"), ("Accept-Encoding", ACCEPT_ENCODING)]
    if "accept" not in chosen:
        ours.append(("Accept", "application/json"))
    if asked.body is not None and "content-type" not in chosen:
        ours.append(("Content-Type", "application/json"))
    target = base.path + asked.path + (f"?{query}" if query else "")
    return OutgoingRequest(asked.method, target, (*asked.headers, *ours, *credentials.headers), asked.body)


def _wait_of(incoming: IncomingResponse | None, attempt: int) -> float:
    """Seconds until the next attempt: what the vendor asks for in Retry-After, else a little, growing."""
    asked_for = incoming.header("retry-after") if incoming else ""
    if asked_for.isascii() and asked_for.isdigit():
        return float(asked_for[:9])
    return RETRY_WAIT_S * float(2**attempt) * random.uniform(0.5, 1.5)  # noqa: S311 - spreads retries, guards nothing


def _verdict_on(fault: CallFault, had_s: float, timeout_s: float) -> CallVerdict:
    had_enough = had_s >= min(JUDGED_S, timeout_s / 2)
    if fault is CallFault.CONNECTION or (fault is CallFault.TIMEOUT and had_enough):
        return CallVerdict.FAILED
    return CallVerdict.UNKNOWN
