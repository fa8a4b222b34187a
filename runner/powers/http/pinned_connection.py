"""The way to an origin: its name looked up once, every address checked, one of those very addresses connected to.

Everything that leaves for the internet on a script's behalf goes through `PinnedConnector.exchange`: calls, their redirects and
the fetching of tokens.
"""

from __future__ import annotations

import time
from typing import Final

from runner.powers.connections.vendor_connection import Origin
from sandbox import CallFault, CallNotMade

from .addresses import AddressRefused, HostResolver, usable_addresses
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
        2. Every address it has must be usable; one that is not refuses them all, because the next look-up might
           put it first.
        3. The request goes to one of these addresses. Another is tried only if not even a connection came about.
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
