"""The powers of one run over real vendors: every rule about a call, in the order in which they are applied.

Start an audit here. The details of each step are in the module that the step names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox import Answer, Call, CallNotMade

from .call_record import CallProgress, CallRecord
from .call_request import check_call, refused, within
from .connections.errors import FaultyConnectionError
from .connections.vendor_connection import VendorConnection
from .credentials import refuse_collisions
from .dispatch import CallDispatch, DispatchServices
from .http.bodies import decoded, shown_headers, unpacked
from .http.exchange import ExchangeFailed, IncomingResponse
from .redaction import redact

#: Characters of a fault's text, because vendors choose some of the texts.
MAX_TEXT: Final = 500


class LivePowers:
    """`sandbox.Powers` for one run and one thread. `calls` grows with every call, refused ones included."""

    def __init__(
        self,
        *,
        connections: Mapping[str, VendorConnection],
        shared: DispatchServices,
        fresh: bool,
        asked_after_ms: int = 0,
    ) -> None:
        self._connections = connections
        self._shared = shared
        self._fresh = fresh
        self._asked_after_ms = asked_after_ms
        self.calls: list[CallRecord] = []

    def call(self, call: Call, *, deadline: float, read_bytes_left: int) -> Answer:
        """Make a call; `deadline` is a monotonic time. Raises `CallNotMade` and nothing else."""
        progress = CallProgress(digest_key=self._shared.digest_key)
        failure = None
        answer = None
        try:
            answer = self._call(call, deadline, read_bytes_left, progress)
        except ExchangeFailed as failed:
            failure = CallNotMade(failed.fault, f"{call.connection}: {failed.text}")
        except FaultyConnectionError as fault:
            failure = refused(f"the connection {call.connection} cannot be used: {fault}")
        except CallNotMade as not_made:
            failure = not_made
            progress.bytes_read += not_made.bytes_read
        self.calls.append(progress.record(call, answer, failure))
        if answer is None:
            assert failure is not None
            # A new exception, outside the except blocks, because the old ones reference frames with secrets.
            text = redact(failure.text, progress.secrets)[:MAX_TEXT]
            raise CallNotMade(failure.fault, text, bytes_read=progress.bytes_read)
        return answer

    def _call(self, call: Call, deadline: float, read_bytes_left: int, progress: CallProgress) -> Answer:
        """Apply the rules.

        1. The call is well-formed on its own (`call_request`).
        2. The connection exists, and allows the method and the path.
        3. The script does not set what carries the credentials (`credentials`).
        4. A cached answer is given, if the connection allows that (`answer_cache`).
        5. The vendor is not failing, and it is the call's turn (`dispatch`, `vendor_limits`).
        6. The request is sent (`dispatch`: redirects, credentials, retries; `http/pinned_connection`: addresses;
           `http/exchange`: time and size).
        7. The answer is decompressed within the limit, decoded, and our secrets are removed (`http/bodies`, `redaction`).
        """
        # 1. the call
        request = check_call(call)
        # 2. the connection
        connection = self._connections.get(request.connection)
        if connection is None:
            known = ", ".join(sorted(self._connections)) or "none"
            raise refused(f"there is no connection named {request.connection[:80]!r}; there are: {known}")
        if request.method not in connection.methods:
            raise refused(f"{connection.name} does not allow {request.method}")
        if not within(request.path, connection.path_prefixes):
            raise refused(f"{connection.name} does not allow the path {request.path[:200]}")
        # 3. credentials
        refuse_collisions(connection.auth, request)
        # 4. cached answers
        caches = connection.cache_s > 0 and request.method == "GET"
        cache = self._shared.answer_cache
        after = self._asked_after_ms
        cached = cache.find(connection, request, asked_after_ms=after) if caches and not self._fresh else None
        if cached and cached.bytes_read <= read_bytes_left:
            progress.from_cache, progress.bytes_read = True, cached.bytes_read
            return cached
        # 5. the limits, and 6. the vendor
        asked_ms = cache.now_ms() if caches else 0
        deadline = min(deadline, progress.started + connection.timeout_s)
        max_body = max(0, min(read_bytes_left, connection.max_body_bytes))
        incoming = CallDispatch(self._shared, connection, progress, deadline=deadline, max_body=max_body).send(request)
        # 7. the answer
        answer = _answer_of(incoming, max_body, progress)
        if caches:
            cache.keep(connection, request, answer, asked_ms=asked_ms)
        return answer


def _answer_of(incoming: IncomingResponse, max_body: int, progress: CallProgress) -> Answer:
    before = progress.bytes_read - len(incoming.body)  # of attempts and redirects before this answer
    body = unpacked(incoming, max_body - before)
    progress.bytes_read = before + max(len(body), len(incoming.body))
    text = redact(decoded(body, incoming.header("content-type")), progress.secrets)
    headers = {
        name: redact(value, progress.secrets)
        for name, value in shown_headers(incoming.headers).items()
        if redact(name, progress.secrets) == name
    }
    return Answer(incoming.status, headers, text, progress.bytes_read)
