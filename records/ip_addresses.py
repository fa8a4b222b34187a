"""IP addresses: reading one from text, and the one rule for which addresses are public and which are this machine.

Hosts in this module are in their plain form, as `records.host_names` gives them.
"""

from __future__ import annotations

import ipaddress
from typing import Final

IPv4 = ipaddress.IPv4Address
IPv6 = ipaddress.IPv6Address
IpAddress = IPv4 | IPv6

#: Networks that are not public, with the reason. The list is our own, from the IANA special-purpose registries, because
#: the answer of `ipaddress.is_global` differs between the versions of Python that we run on.
NOT_PUBLIC_4: Final = tuple(
    (ipaddress.IPv4Network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "this network (RFC 1122)"),
        ("10.0.0.0/8", "private (RFC 1918)"),
        ("100.64.0.0/10", "carrier-grade NAT (RFC 6598)"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "control address of a cloud"),
        ("169.254.0.0/16", "link-local, cloud metadata"),
        ("172.16.0.0/12", "private (RFC 1918)"),
        ("192.0.0.0/24", "IETF protocols (RFC 6890)"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112 (RFC 7535)"),
        ("192.52.193.0/24", "AMT (RFC 7450)"),
        ("192.88.99.0/24", "6to4 relay (RFC 7526)"),
        ("192.168.0.0/16", "private (RFC 1918)"),
        ("192.175.48.0/24", "AS112 (RFC 7534)"),
        ("198.18.0.0/15", "benchmarking (RFC 2544)"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved, broadcast"),
    )
)
#: In IPv6 only global unicast is public.
GLOBAL_UNICAST_6: Final = ipaddress.IPv6Network("2000::/3")
#: The parts of it that are not public.
NOT_PUBLIC_6: Final = tuple(
    (ipaddress.IPv6Network(network), reason)
    for network, reason in (
        ("2001::/23", "IETF protocols: Teredo, ORCHID, benchmarking (RFC 6890)"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4 (RFC 7526)"),
        ("2620:4f:8000::/48", "AS112 (RFC 7534)"),
        ("3fff::/20", "documentation (RFC 9637)"),
    )
)
#: IPv4 inside IPv6, judged by the IPv4 address: mapped, and the NAT64 prefix that DNS64 resolvers use.
_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
#: Interface identifiers of ISATAP (RFC 5214), above an IPv4 address.
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})


def ip_address(text: str) -> IpAddress | None:
    """Read an IP address in its plain form; None for any other text."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def mapped(address: IpAddress) -> IpAddress:
    """Return the IPv4 address inside an IPv4-mapped IPv6 address, and any other address as it is."""
    return (isinstance(address, IPv6) and address.ipv4_mapped) or address


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine, by a loopback name or address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = ip_address(host)
    return address is not None and mapped(address).is_loopback


def is_this_machine(host: str) -> bool:
    """Say whether a host is this machine, by loopback or by the unspecified address, which reaches it too."""
    address = ip_address(host)
    if address is None:
        return is_loopback(host)
    inner = _ipv4_in(address) or address
    return inner.is_loopback or inner.is_unspecified


def is_not_public(host: str) -> bool:
    """Say whether a host is this machine, or an IP address that is not public."""
    address = ip_address(host)
    return is_loopback(host) if address is None else not_public(address) is not None


def _ipv4_in(address: IpAddress) -> IPv4 | None:
    """Return the IPv4 address by which an IPv6 address is judged: mapped, or behind NAT64."""
    inside = isinstance(address, IPv6) and (address in _MAPPED or address in _NAT64)
    return IPv4(int(address) & 0xFFFFFFFF) if inside else None


def not_public(address: IpAddress) -> str | None:
    """Say why an address is not public; None if it is. An address counts as public only if it is known to be.

    1. IPv4: in none of the special-purpose networks.
    2. IPv4 inside IPv6 (mapped, NAT64) is judged as that IPv4 address; ISATAP by both of its halves.
    3. IPv6: global unicast, and in none of its special-purpose networks (6to4 and Teredo are among them).
    """
    # 1. IPv4
    if isinstance(address, IPv4):
        return next((reason for network, reason in NOT_PUBLIC_4 if address in network), None)
    # 2. IPv4 inside
    inner = _ipv4_in(address)
    if inner is not None:
        return not_public(inner)
    if (int(address) >> 32) & 0xFFFFFFFF in _ISATAP and not_public(IPv4(int(address) & 0xFFFFFFFF)):
        return "ISATAP around an address that is not public"
    # 3. IPv6
    if address not in GLOBAL_UNICAST_6:
        return "not global unicast"
    return next((reason for network, reason in NOT_PUBLIC_6 if address in network), None)
