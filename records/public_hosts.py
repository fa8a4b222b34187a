"""Which hosts an address may name in production: not this machine, and for what we call ourselves, no private network.

The rules that save an address and the search for stand-ins (`stand_ins`) ask here, so that nothing can be saved in
production with which the next process would not start. What a name leads to is looked up, and judged again, at each call.
"""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import SplitResult

from . import fields

IPv4 = ipaddress.IPv4Address
IPv6 = ipaddress.IPv6Address
#: IPv4 inside IPv6: mapped, and the NAT64 prefix which resolvers make up.
_AROUND_IPV4 = (ipaddress.IPv6Network("::ffff:0:0/96"), ipaddress.IPv6Network("64:ff9b::/96"))


def is_this_machine(host: str) -> bool:
    """Say whether a host in its plain form is this machine itself, also as an address that stands for all of its own."""
    address = _address(host)
    if address is None:
        return fields.is_loopback(host)
    return address.is_loopback or address.is_unspecified


def is_not_public(host: str) -> bool:
    """Say whether a host in its plain form is this machine, or an address that is not a public one."""
    address = _address(host)
    if address is None:
        return fields.is_loopback(host)
    return not address.is_global or address.is_multicast


def called_url(value: Any, *, development: bool) -> SplitResult:
    """Check an address that we call: https to a public host, and in development to this machine as well."""
    parts = fields.url(value, loopback_http=development)
    host = parts.hostname or ""
    if not development and is_not_public(host):
        raise ValueError(f"must lead to a public host, and {host} is not one")
    return parts


def visited_url(value: Any, *, development: bool) -> SplitResult:
    """Check an address that browsers are sent to, perhaps within a private network, but to this machine in development only."""
    parts = fields.url(value, loopback_http=development)
    host = parts.hostname or ""
    if not development and is_this_machine(host):
        raise ValueError(f"must not lead to this machine itself ({host})")
    return parts


def _address(host: str) -> IPv4 | IPv6 | None:
    """Return the address which a host is; of IPv4 inside IPv6 the inner one."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    inside = isinstance(address, IPv6) and any(address in network for network in _AROUND_IPV4)
    return IPv4(int(address) & 0xFFFFFFFF) if inside else address
