"""What counts as one client address, as one owner of addresses, and as a venue: for rate limits."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

from records.ip_addresses import ip_address, mapped
from runner.settings.readers import Network

#: The IPv6 network of one household or machine. It can use a new address for each attempt.
_IPV6_PREFIX: Final = 64
#: The IPv6 network that one customer of an internet provider can have.
_IPV6_OWNED: Final = 48


def address_of(ip: str) -> str:
    """Return what counts as one address: an IPv4 address, also if mapped into IPv6, or the /64 of an IPv6 address."""
    address = ip_address(ip)
    if address is None:
        return "unknown"
    address = mapped(address)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), _IPV6_PREFIX), strict=False))
    return str(address)


def owner_of(where: str) -> str:
    """Return what counts as one owner: the /48 of an IPv6 address. `where`: a result of `address_of`."""
    try:
        network = ipaddress.ip_network(where)
    except ValueError:
        return where
    return str(network.supernet(new_prefix=_IPV6_OWNED)) if network.version == 6 else where  # IPv6


def is_venue(where: str, venues: Sequence[Network]) -> bool:
    """Say whether an address (or the /64 of one) lies in one of the venues' networks."""
    try:
        network = ipaddress.ip_network(where)
    except ValueError:
        return False
    return any(each.supernet_of(network) for each in venues if each.version == network.version)  # type: ignore[arg-type]  # the versions are the same
