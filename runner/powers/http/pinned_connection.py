"""The connection to an origin: its name is looked up once, every address is checked, and one of these addresses is used.

Everything that is sent to the internet for a script goes through `PinnedConnector.exchange`: calls, their redirects and
requests for tokens.
"""

from __future__ import annotations

import time
from typing import Final

from runner.powers.connections.vendor_connection import Origin
from sandbox import CallFault, CallNotMade

from .callable_addresses import AddressRefused, HostResolver, usable_addresses
from .exchange import ExchangeFailed, HttpClient, IncomingResponse, OutgoingRequest

_MAX_TRIED: Final = 3  #: addresses of one host for one exchange


class PinnedConnector:
    """Exchanges with origins by name. `allow_loopback` is for development only."""

    def __init__(self, *, names: HostResolver, http: HttpClient, allow_loopback: bool) -> None:
        self._names = names
        self._http = http
        self._allow_loopback = allow_loopback

    def exchange(
        self, origin: Origin, outgoing: OutgoingRequest, *, deadline: float, max_body: int
    ) -> IncomingResponse:
        """Send a request to an origin; raises `CallNotMade` for a refused one and `ExchangeFailed` for a failed one.

        1. The name is looked up, once.
        2. Every address must be usable. If one is not, all are refused, because the next look-up might put it first.
        3. The request goes to one of these addresses. Another is tried only if no connection could be made.
        """
        # 1. look up
        try:
            found = self._names.addresses(origin.host, deadline=deadline)
        except TimeoutError:
            raise ExchangeFailed(CallFault.TIMEOUT, f"the name {origin.host} was not found in time") from None
        if not found:
            raise ExchangeFailed(CallFault.CONNECTION, f"the name {origin.host} has no address", lasting=True)
        # 2. check
        try:
            addresses = usable_addresses(
                found, allow_loopback=self._allow_loopback, only_loopback=origin.scheme != "https"
            )
        except AddressRefused as reason:
            raise CallNotMade(CallFault.REFUSED, f"{origin.host} has {reason}") from None
        # 3. connect
        *others, last = addresses[:_MAX_TRIED]
        for address in others:
            try:
                return self._http.exchange(origin, address, outgoing, deadline=deadline, max_body=max_body)
            except ExchangeFailed as failed:
                if failed.sent or time.monotonic() >= deadline:
                    raise
        return self._http.exchange(origin, last, outgoing, deadline=deadline, max_body=max_body)
