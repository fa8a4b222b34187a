"""What counts as one client address, as one owner of addresses, and as a venue: for limits on how often things are tried."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Final

from records.ip_addresses import ip_address, mapped
from runner.settings.readers import Network

#: What one household or machine has of IPv6: counting single addresses would count nobody twice.
_IPV6_PREFIX: Final = 64
#: What one customer of a provider may have of it.
_IPV6_OWNED: Final = 48


def address_of(ip: str) -> str:
    """Give what counts as one address: IPv4 as it is, also inside IPv6, and the /64 of IPv6."""
    address = ip_address(ip)
    if address is None:
        return "unknown"
    address = mapped(address)
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(address), _IPV6_PREFIX), strict=False))
    return str(address)


def owner_of(where: str) -> str:
    """Give what may be all one customer's: the /48 of IPv6. `where`: what `address_of` gave."""
    try:
        network = ipaddress.ip_network(where)
    except ValueError:
        return where
    return str(network.supernet(new_prefix=_IPV6_OWNED)) if network.version == 6 else where  # of IP


def is_venue(where: str, venues: Sequence[Network]) -> bool:
    """Say whether an address (or the /64 of one) lies in one of the venues' networks."""
    try:
        network = ipaddress.ip_network(where)
    except ValueError:
        return False
    return any(each.supernet_of(network) for each in venues if each.version == network.version)  # type: ignore[arg-type]  # the versions are the same
