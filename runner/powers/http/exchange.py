"""One HTTP exchange with an address that was checked before: the only place that sends bytes to vendors and reads theirs.

A vendor may send anything at any speed, so every read from the socket is counted and timed; no layer above (TLS,
http.client, urllib3) has to be trusted to stop. Only urllib3's connections are used, not its pools, which normalise paths,
follow redirects and write whole addresses, keys included, to the log.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from runner.powers.connections.vendor_connection import IDEMPOTENT, Origin
from sandbox import CallFault

from .counted_socket import PIECE, CountedSocket, ExchangeBudget
from .tls_contexts import tls_context

CONNECT_S: Final = 2.0  #: for one address; then another may be tried
MAX_HEADER_BYTES: Final = 64 * 1024  #: status lines and headers of one answer together
KEEP_ALIVE_S: Final = 15.0  #: an idle connection older than this is not used again
KEEP_ALIVE_UNREPEATABLE_S: Final = 1.0  #: the same for what must not be sent twice: servers drop idle connections
#: Idle connections kept for one address: as many as a worker may have runs, or a busy one would open many anew.
MAX_IDLE: Final = 256


class ExchangeFailed(Exception):
    """An exchange failed. `text` contains nothing of what was sent.

    `sent`: something may have been sent; `silent`: the connection ended before a byte came back; `lasting`: the same
    would happen again; `bytes_read`: how much of a body was read in vain.
    """

    def __init__(
        self, fault: CallFault, text: str, budget: ExchangeBudget | None = None, *, lasting: bool = False
    ) -> None:
        super().__init__(text)
        self.fault = fault
        self.text = text
        self.sent = budget is not None and budget.sent
        self.silent = self.sent and fault is CallFault.CONNECTION and not (budget and budget.answered)
        self.bytes_read = budget.body_bytes if budget else 0
        self.lasting = lasting


@dataclass(frozen=True)
class OutgoingRequest:
    """A request, complete with credentials, so its `repr` shows only the method."""

    method: str
    target: str = field(repr=False)
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True)
class IncomingResponse:
    """An answer as it came: header fields in order, with names in lower case; the body still in its content coding."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """Return the first field of this (lower case) name; "" if there is none."""
        return next((value for key, value in self.headers if key == name), "")


class _Budgeted:
    """What both kinds of connection add to urllib3's: the budget, and the time since they are idle."""

    budget: ExchangeBudget
    sock: Any
    timeout: Any
    idle_since = 0.0

    def _new_conn(self) -> socket.socket:
        self.timeout = min(CONNECT_S, self.budget.seconds_left())
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]  # a mixin: the class of urllib3 beside it has it
        try:
            sock.settimeout(self.budget.seconds_left())  # for the TLS handshake
        except TimeoutError:
            sock.close()
            raise
        return sock

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]  # a mixin: the class of urllib3 beside it has it
        self.sock = CountedSocket(self.sock, self.budget)

    def fit(self, idle_s: float) -> bool:
        """Say whether an idle connection can be used again: it is young and open, and no data came unasked."""
        young = time.monotonic() - self.idle_since < idle_s
        return young and bool(self.is_connected) and self.sock.has_no_pending_data()  # type: ignore[attr-defined]  # set by `connect`


class _Plain(_Budgeted, HTTPConnection):
    """Unencrypted; the address check lets this reach loopback only."""


class _Encrypted(_Budgeted, HTTPSConnection):
    """TLS with the certificate checked against the host's name, whatever the address."""


#: What the layers below raise when a vendor breaks HTTP or TLS, or goes away.
_BROKEN: Final = (OSError, ValueError, http.client.HTTPException, urllib3.exceptions.HTTPError)
_Connection = _Plain | _Encrypted
_Key = tuple[str, int, str, str]  # address, port, host, scheme


class HttpClient:
    """Exchanges over kept-alive connections, for any number of threads. Knows no redirects, no retries and no proxies."""

    def __init__(self, *, ca_file: str | None = None) -> None:
        self._tls = tls_context(ca_file)
        self._idle: dict[_Key, deque[_Connection]] = {}
        self._lock = threading.Lock()
        self._swept_at = 0.0

    def exchange(
        self, origin: Origin, address: str, outgoing: OutgoingRequest, *, deadline: float, max_body: int
    ) -> IncomingResponse:
        """Send a request to an address that was checked for the origin; raises `ExchangeFailed`.

        `deadline` is a monotonic time, `max_body` counts bytes as they come, before decompression.
        """
        key = (address, origin.port, origin.host, origin.scheme)
        budget = ExchangeBudget(deadline, MAX_HEADER_BYTES)
        idle = self._take(key, outgoing.method)
        try:
            return self._over(idle or self._new(key), key, budget, outgoing, max_body)
        except ExchangeFailed as failed:
            # The server may have dropped the idle connection at the moment it was used again.
            if not (idle and failed.silent and outgoing.method in IDEMPOTENT):
                raise
        return self._over(self._new(key), key, budget, outgoing, max_body)

    def _over(
        self, connection: _Connection, key: _Key, budget: ExchangeBudget, outgoing: OutgoingRequest, max_body: int
    ) -> IncomingResponse:
        failure = None
        try:
            incoming, keep = _converse(connection, budget, outgoing, max_body)
        except (ExchangeFailed, *_BROKEN) as error:
            failure = _failure(error, budget)
        if failure:
            connection.close()
            raise failure  # not inside the except block: the original error holds frames with the request's headers
        self._give_back(key, connection, keep=keep)
        return incoming

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for connections in idle.values():
            for connection in connections:
                connection.close()

    # -- idle connections

    def _take(self, key: _Key, method: str) -> _Connection | None:
        idle_s = KEEP_ALIVE_S if method in IDEMPOTENT else KEEP_ALIVE_UNREPEATABLE_S
        while True:
            with self._lock:
                connections = self._idle.get(key)
                connection = connections.pop() if connections else None
            if connection is None or connection.fit(idle_s):
                return connection
            connection.close()

    def _new(self, key: _Key) -> _Connection:
        address, port, host, scheme = key
        if scheme == "http":
            return _Plain(address, port)
        return _Encrypted(address, port, ssl_context=self._tls, server_hostname=host)

    def _give_back(self, key: _Key, connection: _Connection, *, keep: bool) -> None:
        if not keep:
            connection.close()
            return
        connection.idle_since = time.monotonic()
        surplus = []
        with self._lock:
            connections = self._idle.setdefault(key, deque())
            connections.append(connection)
            if len(connections) > MAX_IDLE:
                surplus.append(connections.popleft())
            surplus += self._sweep(connection.idle_since)
        for old in surplus:
            old.close()

    def _sweep(self, now: float) -> list[_Connection]:
        """Remove the connections that have been idle for too long, so that unused addresses keep no sockets."""
        if now - self._swept_at < KEEP_ALIVE_S:
            return []
        self._swept_at = now
        old = []
        for key, connections in list(self._idle.items()):
            while connections and now - connections[0].idle_since > KEEP_ALIVE_S:
                old.append(connections.popleft())
            if not connections:
                del self._idle[key]
        return old


def _converse(
    connection: _Connection, budget: ExchangeBudget, outgoing: OutgoingRequest, max_body: int
) -> tuple[IncomingResponse, bool]:
    """Send and receive; return the answer, and whether the connection can be kept."""
    connection.budget = budget
    if isinstance(connection.sock, CountedSocket):
        connection.sock.budget = budget
    connection.request(outgoing.method, outgoing.target, body=outgoing.body, headers=dict(outgoing.headers))
    counted = connection.sock
    # urllib3's own getresponse() would write the target, with a key in it, to the log when headers are broken.
    raw = http.client.HTTPConnection.getresponse(connection)
    headers = tuple((name.lower(), str(value)) for name, value in raw.headers.items())
    response = urllib3.HTTPResponse(
        body=raw, headers=dict(headers), status=raw.status, preload_content=False, decode_content=False,
        original_response=raw, request_method=outgoing.method,
    )  # fmt: skip
    rest = raw.headers.get_payload()  # what the parser left of the headers when it met a broken line
    if raw.status < 200 or (isinstance(rest, str) and rest):  # informational, so not final
        raw.close()
        raise http.client.BadStatusLine(str(raw.status))
    budget.room = max_body + max_body // 4 + MAX_HEADER_BYTES  # a quarter more for the frames of chunks
    try:
        body = _read_body(response, budget, max_body)
        ended = raw.isclosed()
    finally:
        raw.close()
    framed_once = sum(name in {"content-length", "transfer-encoding"} for name, _ in headers) <= 1
    # Bytes after the answer would be read as the beginning of the next answer.
    keep = not raw.will_close and ended and framed_once and rest == "" and not counted.surplus
    return IncomingResponse(raw.status, headers, body), keep


def _read_body(response: urllib3.HTTPResponse, budget: ExchangeBudget, max_body: int) -> bytes:
    body = bytearray()
    while piece := response.read(min(PIECE, max_body + 1 - len(body)), decode_content=False):
        body += piece
        budget.body_bytes = len(body)
        if len(body) > max_body:
            raise ExchangeFailed(CallFault.TOO_LARGE, "the answer is larger than allowed", budget)
    return bytes(body)


def _failure(error: Exception, budget: ExchangeBudget) -> ExchangeFailed:
    """Translate what the layers below raise; the texts are ours, because theirs may quote what was sent."""
    if isinstance(error, ExchangeFailed):
        return error
    if budget.room <= 0 or _is_beyond_a_limit(error):
        return ExchangeFailed(CallFault.TOO_LARGE, "the answer is larger than allowed", budget)
    if time.monotonic() >= budget.deadline:
        return ExchangeFailed(CallFault.TIMEOUT, "the answer did not come in time", budget)
    if isinstance(error, TimeoutError | urllib3.exceptions.TimeoutError):
        return ExchangeFailed(CallFault.TIMEOUT, "the vendor did not accept the connection in time", budget)
    if isinstance(error, ssl.SSLCertVerificationError):
        text = "the vendor's certificate is not valid for its name"
        return ExchangeFailed(CallFault.CONNECTION, text, budget, lasting=True)
    if isinstance(error, ssl.SSLError):
        return ExchangeFailed(CallFault.CONNECTION, "the encrypted connection failed", budget)
    if not budget.sent:
        return ExchangeFailed(CallFault.CONNECTION, "the vendor did not accept the connection", budget)
    if budget.answered:
        return ExchangeFailed(CallFault.CONNECTION, "the answer is malformed or incomplete", budget)
    return ExchangeFailed(CallFault.CONNECTION, "the vendor closed the connection without an answer", budget)


def _is_beyond_a_limit(error: Exception) -> bool:
    """Say whether http.client has hit a limit of its own: on headers, and in newer Pythons on trailers and early answers."""
    return any(
        isinstance(fault, http.client.HTTPException) and str(fault).startswith("got more than")
        for fault in (error, error.__cause__)  # urllib3 raises its own from it
    )
