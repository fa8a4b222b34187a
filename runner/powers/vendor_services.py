"""What a process needs to call vendors, made once and shared by all its runs."""

from __future__ import annotations

from collections.abc import Mapping

import redis

from .answer_cache import AnswerCache
from .call_health import CallHealth
from .connections.vendor_connection import VendorConnection
from .dispatch import DispatchServices
from .http.callable_addresses import HostResolver, Lookup, system_lookup
from .http.exchange import HttpClient
from .http.pinned_connection import PinnedConnector
from .live_powers import LivePowers
from .oauth_tokens import OAuthTokens
from .vendor_limits import VendorLimiter


class VendorServices:
    """Calls to vendors, for a whole process and any number of threads.

    Args:
        redis: A client with short time-outs (half a second is enough), not shared with RQ. If it does not answer, calls
            are made without breaker, limits and cached answers.
        allow_loopback: Development only: loopback addresses may be called, and those without encryption as well.
        tls_ca_file: Certificate authorities (PEM) to trust in addition to the system's.
        digest_key: The key for digests of answers in traces; without one there are no digests.
        resolver: Looks a host up and returns its addresses: the system's resolver, or that of a test.
    """

    def __init__(
        self,
        *,
        redis: redis.Redis,
        allow_loopback: bool,
        tls_ca_file: str | None = None,
        digest_key: bytes = b"",
        resolver: Lookup = system_lookup,
    ) -> None:
        self._http = HttpClient(ca_file=tls_ca_file)
        connector = PinnedConnector(names=HostResolver(resolver), http=self._http, allow_loopback=allow_loopback)
        self.health = CallHealth(redis)  #: the owner flushes it from time to time
        self._shared = DispatchServices(
            connector=connector,
            tokens=OAuthTokens(connector, allow_loopback=allow_loopback),
            limiter=VendorLimiter(redis),
            answer_cache=AnswerCache(redis),
            health=self.health,
            allow_loopback=allow_loopback,
            digest_key=digest_key,
        )

    def powers(
        self, connections: Mapping[str, VendorConnection], *, fresh: bool = False, asked_after_ms: int = 0
    ) -> LivePowers:
        """Return the powers of one run, over the connections of its implementation.

        A run right after the user's return from the vendor's site is `fresh`: it gets no cached answers. Later ones get those
        that were asked after the return (ms of the store's clock; 0: there was none).
        """
        return LivePowers(connections=connections, shared=self._shared, fresh=fresh, asked_after_ms=asked_after_ms)

    def close(self) -> None:
        """Close the idle connections. Calls under way end by their own deadlines."""
        self._http.close()
