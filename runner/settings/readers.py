"""Readers of single settings: from the text in the environment to a value, or `ValueError` with what is wrong.

They stand apart from the table so that the table reads as one.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from records.host_names import ip_address

from .addresses import origin

Number = TypeVar("Number", int, float)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

IPV6 = 6
LARGEST_PORT = 65_535

#: The widest networks that can be one venue, by IP version: 10.0.0.0/8, and what a registry gives to a provider.
_WIDEST = {4: 8, 6: 32}


def text(raw: str) -> str:
    """Text without blanks around it, and without control characters in it."""
    if not raw.strip().isprintable():
        raise ValueError("must not hold control characters")
    return raw.strip()


def words(raw: str) -> tuple[str, ...]:
    """A comma list."""
    return tuple(word.strip() for word in raw.split(",") if word.strip())


def origins(raw: str) -> tuple[str, ...]:
    """A comma list of origins such as https://app.example.org."""
    # They end up in a header: a host name has nothing that would begin another directive or source.
    found = []
    for word in words(raw):
        try:
            found.append(origin(word))
        except ValueError as fault:
            raise ValueError(
                f"names {word!r}, which is no origin such as https://app.example.org: it {fault}"
            ) from None
    return tuple(found)


def networks(raw: str) -> tuple[Network, ...]:
    """A comma list of networks such as 192.0.2.0/24 or 2001:db8:7::/48."""
    found = []
    for word in words(raw):
        try:
            network = ipaddress.ip_network(word)
        except ValueError:
            raise ValueError(f"names {word!r}, which is no network such as 192.0.2.0/24") from None
        widest = _WIDEST[network.version]
        if network.prefixlen < widest:
            raise ValueError(f"names {word!r}, which is wider than any venue: at most /{widest}")
        found.append(network)
    return tuple(found)


def yes_or_no(raw: str) -> bool:
    """yes, true, on, 1, and their opposites."""
    answers = {"1": True, "yes": True, "true": True, "on": True, "0": False, "no": False, "false": False, "off": False}
    if raw.strip().lower() not in answers:
        raise ValueError("is neither yes nor no")
    return answers[raw.strip().lower()]


def folder(raw: str) -> Path:
    """A folder, which need not exist yet."""
    return _path(raw)


def certificates_file(raw: str) -> str:
    """A file with certificates of authorities (PEM), at least one."""
    path = _path(raw)
    if not path.is_file():
        raise ValueError("must be a file that exists")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError):  # no permission, or nothing in it that parses
        raise ValueError("must hold certificates (PEM) that can be read") from None
    if not context.cert_store_stats()["x509_ca"]:
        raise ValueError("must hold a certificate of an authority: those in it may sign no others")
    return str(path)


def _path(raw: str) -> Path:
    try:
        return Path(text(raw)).expanduser().absolute()
    except RuntimeError:  # ~nobody
        raise ValueError("must be a path; there is no such home folder") from None


def one_of(*choices: str) -> Callable[[str], str]:
    """Exactly one of the words."""

    def read(raw: str) -> str:
        if raw.strip() not in choices:
            raise ValueError(f"is not one of {', '.join(choices)}")
        return raw.strip()

    return read


def some_of(*choices: str) -> Callable[[str], frozenset[str]]:
    """A comma list of some of the words."""

    def read(raw: str) -> frozenset[str]:
        unknown = sorted(set(words(raw)) - set(choices))
        if unknown:
            raise ValueError(f"names {', '.join(unknown)}; known are {', '.join(choices)}")
        return frozenset(words(raw))

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """A number within the bounds."""

    def read(raw: str) -> float:
        value = number_in(raw, float)
        if not low <= value <= high:
            raise ValueError(f"is not between {low:g} and {high:g}")
        return value

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number within the bounds."""

    def read(raw: str) -> int:
        value = number_in(raw, int)
        if not low <= value <= high:
            raise ValueError(f"is not between {low} and {high}")
        return value

    return read


def number_in(raw: str, kind: type[Number]) -> Number:
    """The number that the text is; Python's own complaint speaks of literals and bases."""
    reason = "is no whole number" if kind is int else "is no number"
    if "_" in raw or not raw.isascii():  # Python would take 1_000, and the digits of other scripts
        raise ValueError(reason)
    try:
        return kind(raw)
    except ValueError:
        raise ValueError(reason) from None


def listen_address(raw: str) -> str:
    """An IP address and a port, such as 127.0.0.1:8000 or [::]:8000."""
    address_and_port(raw.strip())
    return raw.strip()


def address_and_port(bind: str) -> tuple[str, int]:
    """The parts of a `listen_address`. Raises ValueError for anything else."""
    host, _, port = bind.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    address = ip_address(host[1:-1] if bracketed else host)
    if address is None or bracketed != (address.version == IPV6) or not port.isascii() or not port.isdecimal():
        raise ValueError("must be an IP address and a port, such as 127.0.0.1:8000 or [::]:8000")
    if not 0 < int(port) <= LARGEST_PORT:
        raise ValueError(f"must have a port between 1 and {LARGEST_PORT}")
    return str(address), int(port)
