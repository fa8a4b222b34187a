"""Requests that the web side makes itself: metadata, keys, introspection, password relays, the test of a connection.

The people who configure an implementation choose these addresses, and the servers there choose what comes back. So these
requests follow the rules of a script's calls (`runner.powers`): the same look-up, the same check of every address, the
same limits, no redirects, no proxy. This module has the forms of the requests, and the limit on simultaneous ones.
"""

from __future__ import annotations

import json as json_text
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import urlencode

from redis import Redis

from records import OpenedConnection
from runner.settings.operator_settings import Settings
from runner.store.clients import StoreWatch, connect_brief
from sandbox import Call, CallFault, CallNotMade

from .call_request import check_path
from .connections.errors import FaultyConnectionError
from .connections.vendor_connection import Auth, NoAuth, VendorConnection, parse_base, vendor_connection
from .credentials import credentials_of
from .http.bodies import ACCEPT_ENCODING, shown_headers, unpacked
from .http.callable_addresses import HostResolver, Lookup, system_lookup
from .http.exchange import ExchangeFailed, HttpClient, OutgoingRequest
from .http.pinned_connection import PinnedConnector
from .vendor_limits import CallVerdict, VendorLimiter
from .vendor_services import VendorServices

#: Bytes of a fetched document. The metadata of a large federation is larger, and is not accepted.
FETCH_BYTES: Final = 2 * 1024 * 1024
#: Bytes of the answer to a post, and seconds that a post may take, because a person and a server thread wait for it.
POST_BYTES: Final = 64 * 1024
POST_S: Final = 4.5
TRY_S: Final = 4.5  #: seconds for the test of a connection
MAX_URL: Final = 2048  #: characters
#: Simultaneous requests of one process, and of one implementation in it: fewer than the process has threads, or slow
#: vendors would block statuses.
MOST_AT_ONCE: Final = 12
MOST_EACH: Final = 6

_URL = re.compile(r"(?P<origin>https?://[^/?#]+)(?P<path>/[^?#\s]*)?(\?(?P<query>[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*))?")
#: Statuses that count as failures of a vendor. A plain 500 may be its answer to what somebody typed, and strangers must not
#: be able to open the breaker for everybody by typing nonsense five times.
_DOWN: Final = frozenset({502, 503, 504})
_SERVER_FAILED: Final = 500


class OutboundRequestFailed(Exception):
    """Nothing usable came back. `kind` is the value of a `CallFault`; `text` contains nothing of what was sent."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.text = text


@dataclass(frozen=True)
class FetchedDocument:
    """An answer of any status, with header names in lower case and the body decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class ConnectionTestResult:
    """The result of the test of a connection; `text` is for the person who started it."""

    ok: bool
    status: int | None
    fault: str | None
    ms: float
    text: str


@dataclass(frozen=True)
class _Target:
    """A parsed address: the server to connect to, and the request target."""

    base_url: str
    path: str  #: with the query


class OutboundRequests:
    """Outbound requests of a web process, for any number of threads.

    Args:
        redis: A client with short time-outs, for the breakers. If it does not answer, there are no breakers.
        allow_loopback: Development only: loopback addresses may be reached, even without encryption.
        ca_file: Certificate authorities (PEM) to trust in addition to the system's.
        resolver: Looks a host up: the system's resolver, or that of a test.
    """

    def __init__(
        self, *, redis: Redis, allow_loopback: bool, ca_file: str | None, resolver: Lookup = system_lookup
    ) -> None:
        self._redis: Redis | None = None  # set, and closed by `close`, only if it was opened by `open`
        self._allow_loopback = allow_loopback
        self._http = HttpClient(ca_file=ca_file)
        self._connector = PinnedConnector(names=HostResolver(resolver), http=self._http, allow_loopback=allow_loopback)
        self._limiter = VendorLimiter(redis)
        self._in_flight = _InFlight()
        self._vendors = VendorServices(
            redis=redis, allow_loopback=allow_loopback, tls_ca_file=ca_file, resolver=resolver
        )

    @classmethod
    def open(cls, settings: Settings, watch: StoreWatch | None = None) -> Self:
        """Make it from the settings, with its own connection to Redis; `watch` is as in `connect`."""
        client = connect_brief(settings.redis_url, environment=settings.environment, watch=watch)
        made = cls(
            redis=client, allow_loopback=settings.allow_loopback_vendors, ca_file=settings.vendor_ca_file or None
        )
        made._redis = client
        return made

    def close(self) -> None:
        """Close idle connections. Requests under way end at their own deadlines."""
        self._http.close()
        self._vendors.close()
        if self._redis is not None:
            self._redis.close()

    def fetch(
        self, url: str, *, max_body: int = FETCH_BYTES, timeout_s: float = 5.0, accept: str = ""
    ) -> FetchedDocument:
        """GET a document from a public address. Redirects are returned like other answers. Raises `OutboundRequestFailed`."""
        deadline = time.monotonic() + timeout_s
        with self._in_flight.count("fetch"), _translated():
            target = self._parse(url)
            headers = (("Accept", accept or "*/*"),)
            return self._exchange(target, OutgoingRequest("GET", target.path, headers), deadline, max_body)

    def post(
        self,
        url: str,
        *,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        auth: Auth = NoAuth(),  # noqa: B008 - frozen, so one for all
        breaker: tuple[str, str] | None = None,
    ) -> FetchedDocument:
        """POST a form, or else JSON, once; the answer has at most `POST_BYTES`. Raises `OutboundRequestFailed`.

        With a `breaker` (implementation, purpose), a vendor that fails repeatedly gets no requests for a while.
        """
        deadline = time.monotonic() + POST_S
        media_type, body = _encoded(form, json)
        with self._in_flight.count(breaker[0] if breaker else "post"), _translated():
            target = self._parse(url)
            credentials = credentials_of(auth)
            headers = (("Accept", "application/json"), ("Content-Type", media_type), *credentials.headers)
            outgoing = OutgoingRequest("POST", target.path, headers, body)
            if breaker is None:
                return self._exchange(target, outgoing, deadline, POST_BYTES)
            guarded = VendorConnection(breaker[0], f"({breaker[1]})", target.base_url, timeout_s=POST_S)
            return self._behind_breaker(guarded, target, outgoing, deadline)

    def deliver(self, url: str, body: bytes, headers: Mapping[str, str]) -> FetchedDocument:
        """POST JSON that is ready, with headers of its own, once. Redirects are returned. Raises `OutboundRequestFailed`."""
        deadline = time.monotonic() + POST_S
        with self._in_flight.count("deliver"), _translated():
            target = self._parse(url)
            own = (("Accept", "*/*"), ("Content-Type", "application/json"), *headers.items())
            return self._exchange(target, OutgoingRequest("POST", target.path, own, body), deadline, POST_BYTES)

    def try_connection(self, opened: OpenedConnection, path: str) -> ConnectionTestResult:
        """Make one GET of a connection just as a script would: the same rules, credentials, limits and breaker."""
        if opened.development and not self._allow_loopback:
            return ConnectionTestResult(False, None, CallFault.REFUSED, 0.0, "The connection is for development only.")
        powers = self._vendors.powers({opened.name: vendor_connection(opened)}, fresh=True)
        deadline = time.monotonic() + TRY_S
        try:
            with self._in_flight.count(opened.implementation):
                answer = powers.call(Call("GET", opened.name, path), deadline=deadline, read_bytes_left=FETCH_BYTES)
        except CallNotMade as failed:
            ms = powers.calls[-1].ms
            return ConnectionTestResult(
                False, None, failed.fault.value, ms, f"No answer after {ms:.0f} ms: {failed.text}."
            )
        except OutboundRequestFailed as busy:
            return ConnectionTestResult(False, None, busy.kind, 0.0, busy.text)
        ms = powers.calls[-1].ms
        well = answer.status < 400  # from here on HTTP speaks of errors
        return ConnectionTestResult(
            well, answer.status, None, ms, f"The vendor answered {answer.status} after {ms:.0f} ms."
        )

    def _parse(self, url: str) -> _Target:
        """Parse an address; raises `FaultyConnectionError` and `CallNotMade` for one that may not be used.

        1. It has the form of an address, without a fragment, and is not too long.
        2. Scheme, host and port pass the check of connections (`parse_base`).
        3. The path passes the check of scripts' paths, so that what is sent is what was checked.
        """
        # 1. shape
        match = _URL.fullmatch(url) if len(url) <= MAX_URL else None
        if match is None:
            raise FaultyConnectionError("it is not of the form https://host/path")
        # 2. origin
        base_url = match["origin"]
        parse_base(base_url, allow_loopback=self._allow_loopback)
        # 3. path
        path = check_path(match["path"] or "/")
        return _Target(base_url, f"{path}?{match['query']}" if match["query"] else path)

    def _exchange(self, target: _Target, outgoing: OutgoingRequest, deadline: float, max_body: int) -> FetchedDocument:
        origin = parse_base(target.base_url, allow_loopback=self._allow_loopback).origin
        ours = (("Host", origin.host_header), ("User-Agent", "session-status"), ("Accept-Encoding", ACCEPT_ENCODING))
        complete = OutgoingRequest(outgoing.method, outgoing.target, (*ours, *outgoing.headers), outgoing.body)
        incoming = self._connector.exchange(origin, complete, deadline=deadline, max_body=max_body)
        return FetchedDocument(incoming.status, shown_headers(incoming.headers), unpacked(incoming, max_body))

    def _behind_breaker(
        self, guarded: VendorConnection, target: _Target, outgoing: OutgoingRequest, deadline: float
    ) -> FetchedDocument:
        lease = self._limiter.enter(guarded, deadline=deadline)
        verdict = CallVerdict.UNKNOWN
        try:
            fetched = self._exchange(target, outgoing, deadline, POST_BYTES)
            verdict = _verdict(fetched.status)
        except (ExchangeFailed, CallNotMade) as failed:
            if failed.fault in {CallFault.CONNECTION, CallFault.TIMEOUT}:
                verdict = CallVerdict.FAILED
            raise
        finally:
            self._limiter.leave(guarded, lease, verdict)
        return fetched


def _verdict(status: int) -> CallVerdict:
    if status in _DOWN:
        return CallVerdict.FAILED
    return CallVerdict.WELL if status < _SERVER_FAILED else CallVerdict.UNKNOWN


def _encoded(form: Mapping[str, str] | None, json: Any) -> tuple[str, bytes]:
    """Return the media type and the body of a post."""
    if form is not None:
        return "application/x-www-form-urlencoded", urlencode(form).encode("ascii")
    return "application/json", json_text.dumps(json, allow_nan=False).encode("ascii")


@contextmanager
def _translated() -> Iterator[None]:
    """Turn what the powers raise into ours: a new exception, because theirs references frames with the request."""
    failure = None
    try:
        yield
    except (ExchangeFailed, CallNotMade) as failed:
        failure = OutboundRequestFailed(failed.fault.value, failed.text)
    except FaultyConnectionError as fault:
        failure = OutboundRequestFailed(CallFault.REFUSED.value, f"the address cannot be used: {fault}")
    if failure:
        raise failure from None


class _InFlight:
    """The requests under way in this process, by implementation or purpose."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    @contextmanager
    def count(self, owner: str) -> Iterator[None]:
        """Count one request while it lasts. Raises `OutboundRequestFailed` at once if there are too many."""
        with self._lock:
            if self._counts[owner] >= MOST_EACH or self._counts.total() >= MOST_AT_ONCE:
                raise OutboundRequestFailed(
                    CallFault.TIMEOUT.value, "Too many requests are under way; try again in a moment."
                )
            self._counts[owner] += 1
        try:
            yield
        finally:
            with self._lock:
                self._counts[owner] -= 1
                if not self._counts[owner]:
                    del self._counts[owner]
