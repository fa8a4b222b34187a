"""Readers of single settings: from the text in the environment to a value, or a `ValueError` that says what is wrong.

They are in a module of their own so that the table of settings stays readable.
"""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from records.host_names import is_host
from records.ip_addresses import ip_address
from records.people.mail_address import is_address

from .addresses import origin

Number = TypeVar("Number", int, float)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

IPV6 = 6
LARGEST_PORT = 65_535
#: Characters of the name that mails come from.
LONGEST_SENDER = 100

#: Shortest prefixes of a venue's networks, by IP version: 10.0.0.0/8, and the block that a registry gives to a provider.
_WIDEST = {4: 8, 6: 32}


def text(raw: str) -> str:
    """Read a text, without white space around it and control characters in it."""
    if not raw.strip().isprintable():
        raise ValueError("must not contain control characters")
    return raw.strip()


def words(raw: str) -> tuple[str, ...]:
    """Read a comma list."""
    return tuple(word.strip() for word in raw.split(",") if word.strip())


def origins(raw: str) -> tuple[str, ...]:
    """Read a comma list of origins such as https://app.example.org."""
    # They are sent in a header: a checked origin cannot begin another directive or source.
    found = []
    for word in words(raw):
        try:
            found.append(origin(word))
        except ValueError as fault:
            raise ValueError(
                f"must be origins such as https://app.example.org, and {word!r} is not one: it {fault}"
            ) from None
    return tuple(found)


def networks(raw: str) -> tuple[Network, ...]:
    """Read a comma list of networks such as 192.0.2.0/24 or 2001:db8:7::/48."""
    found = []
    for word in words(raw):
        try:
            network = ipaddress.ip_network(word)
        except ValueError:
            raise ValueError(f"must be networks such as 192.0.2.0/24, and {word!r} is not one") from None
        widest = _WIDEST[network.version]
        if network.prefixlen < widest:
            raise ValueError(f"must not be larger than a /{widest}, which is more than any venue has, and {word!r} is")
        found.append(network)
    return tuple(found)


def yes_or_no(raw: str) -> bool:
    """Read yes, true, on or 1, or their opposites."""
    answers = {"1": True, "yes": True, "true": True, "on": True, "0": False, "no": False, "false": False, "off": False}
    if raw.strip().lower() not in answers:
        raise ValueError("must be yes or no")
    return answers[raw.strip().lower()]


def folder(raw: str) -> Path:
    """Read the path of a folder, which need not exist yet."""
    return _path(raw)


def certificates_file(raw: str) -> str:
    """Read the path of a file with certificates of authorities (PEM), at least one."""
    path = _path(raw)
    if not path.is_file():
        raise ValueError("must be an existing file")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except (OSError, ssl.SSLError):  # no permission, or no certificate in it
        raise ValueError("must contain certificates (PEM) that can be read") from None
    if not context.cert_store_stats()["x509_ca"]:
        raise ValueError("must contain the certificate of an authority: none in it may sign others")
    return str(path)


def _path(raw: str) -> Path:
    try:
        return Path(text(raw)).expanduser().absolute()
    except RuntimeError:  # such as ~unknown
        raise ValueError("must be a path: there is no such home folder") from None


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a reader of exactly one of these words."""

    def read(raw: str) -> str:
        if raw.strip() not in choices:
            raise ValueError(f"must be one of: {', '.join(choices)}")
        return raw.strip()

    return read


def some_of(*choices: str) -> Callable[[str], frozenset[str]]:
    """Return a reader of a comma list of these words."""

    def read(raw: str) -> frozenset[str]:
        unknown = sorted(set(words(raw)) - set(choices))
        if unknown:
            raise ValueError(f"must be some of: {', '.join(choices)}, and not {', '.join(unknown)}")
        return frozenset(words(raw))

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """Return a reader of a number from `low` to `high`."""

    def read(raw: str) -> float:
        value = number_in(raw, float)
        if not low <= value <= high:
            raise ValueError(f"must be a number from {low:g} to {high:g}")
        return value

    return read


def whole(low: int, high: int) -> Callable[[str], int]:
    """Return a reader of a whole number from `low` to `high`."""

    def read(raw: str) -> int:
        value = number_in(raw, int)
        if not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return read


def number_in(raw: str, kind: type[Number]) -> Number:
    """Read a number. The message is ours, because Python's mentions literals and bases."""
    reason = "must be a whole number" if kind is int else "must be a number"
    if "_" in raw or not raw.isascii():  # Python accepts 1_000, and the digits of other scripts
        raise ValueError(reason)
    try:
        return kind(raw)
    except ValueError:
        raise ValueError(reason) from None


def listen_address(raw: str) -> str:
    """Read an IP address and a port, such as 127.0.0.1:8000 or [::]:8000."""
    address_and_port(raw.strip())
    return raw.strip()


def address_and_port(bind: str) -> tuple[str, int]:
    """Return the parts of a `listen_address`. Raises ValueError for any other text."""
    host, _, port = bind.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    address = ip_address(host[1:-1] if bracketed else host)
    if address is None or bracketed != (address.version == IPV6) or not port.isascii() or not port.isdecimal():
        raise ValueError("must be an IP address and a port, such as 127.0.0.1:8000 or [::]:8000")
    if not 0 < int(port) <= LARGEST_PORT:
        raise ValueError(f"must have a port from 1 to {LARGEST_PORT}")
    return str(address), int(port)


def mail_host(raw: str) -> str:
    """Read the name or IP address of a mail server."""
    host = text(raw).lower()
    if not is_host(host):
        raise ValueError("must be a host name or an IP address, such as smtp.example.org, without a port")
    return host


def mail_address(raw: str) -> str:
    """Read one plain e-mail address."""
    if not is_address(text(raw)):
        raise ValueError("must be one e-mail address, such as status@example.org")
    return text(raw)


def name_of_sender(raw: str) -> str:
    """Read the name that mails come from."""
    if len(text(raw)) > LONGEST_SENDER:
        raise ValueError(f"must have at most {LONGEST_SENDER} characters")
    return text(raw)
