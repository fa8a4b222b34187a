"""The one place which judges hosts: the form of a name that goes over the wire, and which addresses are public.

A name that a person types, a link, a redirect and a certificate are compared as text, so all of them must have been
mapped by the same rules as in a browser: with IDNA 2003, `straße.example` would allow `strasse.example`, which belongs
to somebody else. IDNA 2008 and UTS 46 (non-transitional) keep the two apart.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from functools import lru_cache
from typing import Any, Final

import idna

IPv4 = ipaddress.IPv4Address
IPv6 = ipaddress.IPv6Address
IpAddress = IPv4 | IPv6

#: What a browser takes for an IPv4 address, whatever comes before (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
#: RFC 1035, 2.3.4; each character of a name has at least one.
_LONGEST = 253


def host_name(value: Any) -> str:
    """Check a host name and give its ASCII form: `München.example` is `xn--mnchen-3ya.example`. Raises ValueError.

    1. It is text without white space inside; a dot at the end, which changes nothing, is dropped.
    2. It is mapped as browsers do (UTS 46, non-transitional, STD3 rules): case, width and all kinds of dots.
    3. Each label is valid: letters, hyphens, joiners in their context, direction (IDNA 2008, RFC 5891 to 5893).
    4. If one label is written from right to left, all others keep the Bidi Rule, too.
    5. Its last label is no number, which would make it an address: 127.1, 0x7f000001 and 2130706433 are addresses.
    """
    if not isinstance(value, str):
        raise ValueError("is a host name such as cme.example.org")  # noqa: TRY004 - every check speaks ValueError
    return _mapped(value.strip()) if len(value) <= 4 * _LONGEST else _refuse()


def is_host_name(text: str) -> bool:
    """Say whether a text is a host name in its ASCII form already, exactly as `host_name` gives it."""
    try:
        return host_name(text) == text
    except ValueError:
        return False


def is_host(text: str) -> bool:
    """Say whether a text is what the host of an address may be: a host name in ASCII form, or a plain IP address."""
    if ip_address(text) is None:
        return is_host_name(text)
    return "%" not in text  # a zone, which means something on one machine only


def ip_address(text: str) -> IpAddress | None:
    """Return the IP address that a text is in its plain form; None for anything else."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def mapped(address: IpAddress) -> IpAddress:
    """Return the IPv4 address that an IPv6 address maps, and any other address as it is."""
    return (isinstance(address, IPv6) and address.ipv4_mapped) or address


@lru_cache(maxsize=4096)
def _mapped(text: str) -> str:
    # 1. shape; 2. mapping; 3. labels
    try:
        name = idna.encode(text, uts46=True, std3_rules=True).decode("ascii").removesuffix(".")
        labels = [idna.ulabel(label) for label in name.split(".")]
        # 4. direction
        if any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in "".join(labels)):
            for label in labels:
                idna.check_bidi(label, check_ltr=True)
    except (idna.IDNAError, UnicodeError):
        _refuse()
    # 5. addresses
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise ValueError("is a host name, not an address in numbers")
    return name


def _refuse() -> str:
    raise ValueError("is a host name such as cme.example.org, without https:// and path")


# -- this machine and the rest of the world ------------------------------------------------------------------------------------------------

#: Not public, with the reason. Our own list, from the IANA special-purpose registries, because the answer of
#: `ipaddress.is_global` differs between the Python versions we run on.
NOT_PUBLIC_4: Final = tuple(
    (ipaddress.IPv4Network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "this network (RFC 1122)"),
        ("10.0.0.0/8", "private (RFC 1918)"),
        ("100.64.0.0/10", "carrier-grade NAT (RFC 6598)"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud's own control address"),
        ("169.254.0.0/16", "link-local, metadata of clouds"),
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
#: Of IPv6 only global unicast is public at all, and these parts of it are not.
GLOBAL_UNICAST_6: Final = ipaddress.IPv6Network("2000::/3")
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
#: IPv4 inside IPv6, judged by the IPv4 address: mapped, and the NAT64 prefix which DNS64 resolvers make up.
_MAPPED: Final = ipaddress.IPv6Network("::ffff:0:0/96")
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
#: Interface identifiers of ISATAP (RFC 5214), above an IPv4 address.
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})


def is_loopback(host: str) -> bool:
    """Say whether a host in its plain form is this machine by its loopback name or address."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = ip_address(host)
    return address is not None and mapped(address).is_loopback


def is_this_machine(host: str) -> bool:
    """Say whether a host in its plain form is this machine, also as an address that stands for all of its own."""
    address = ip_address(host)
    if address is None:
        return is_loopback(host)
    inner = _ipv4_in(address) or address
    return inner.is_loopback or inner.is_unspecified


def is_not_public(host: str) -> bool:
    """Say whether a host in its plain form is this machine, or an address that is not a public one."""
    address = ip_address(host)
    return is_loopback(host) if address is None else not_public(address) is not None


def _ipv4_in(address: IpAddress) -> IPv4 | None:
    """Return the IPv4 address by which an IPv6 address is judged: mapped, or behind NAT64."""
    inside = isinstance(address, IPv6) and (address in _MAPPED or address in _NAT64)
    return IPv4(int(address) & 0xFFFFFFFF) if inside else None


def not_public(address: IPv4 | IPv6) -> str | None:
    """Say why an address is not a public one; None if it is. Whatever is not known to be public is not.

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
