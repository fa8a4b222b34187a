"""Readers of single settings: from the text in the environment to a value, or `ValueError` with what is wrong.

They stand apart from the table so that the table reads as one.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

Number = TypeVar("Number", int, float)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

IPV6 = 6


def text(raw: str) -> str:
    """Text without blanks around it."""
    return raw.strip()


def words(raw: str) -> tuple[str, ...]:
    """A comma list."""
    return tuple(word.strip() for word in raw.split(",") if word.strip())


def origins(raw: str) -> tuple[str, ...]:
    """A comma list of origins such as https://app.example.org."""
    for word in words(raw):
        parts = urlsplit(word)
        # They end up in a header, so what would begin another directive or source must not pass.
        if (
            parts.scheme not in ("http", "https")
            or word != f"{parts.scheme}://{parts.netloc}"
            or set(word) & set(" ;'\"*@")
        ):
            raise ValueError(f"names {word!r}, which is no origin such as https://app.example.org")
    return words(raw)


def networks(raw: str) -> tuple[Network, ...]:
    """A comma list of networks such as 192.0.2.0/24 or 2001:db8:7::/48."""
    found = []
    for word in words(raw):
        try:
            found.append(ipaddress.ip_network(word))
        except ValueError:
            raise ValueError(f"names {word!r}, which is no network such as 192.0.2.0/24") from None
    return tuple(found)


def yes_or_no(raw: str) -> bool:
    """yes, true, on, 1, and their opposites."""
    answers = {"1": True, "yes": True, "true": True, "on": True, "0": False, "no": False, "false": False, "off": False}
    if raw.strip().lower() not in answers:
        raise ValueError("is neither yes nor no")
    return answers[raw.strip().lower()]


def folder(raw: str) -> Path:
    """A folder, which need not exist yet."""
    return Path(raw).expanduser().absolute()


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
    try:
        return kind(raw)
    except ValueError:
        raise ValueError("is no whole number" if kind is int else "is no number") from None


def listen_address(raw: str) -> str:
    """An IP address and a port, such as 127.0.0.1:8000 or [::]:8000."""
    address_and_port(raw.strip())
    return raw.strip()


def address_and_port(bind: str) -> tuple[str, int]:
    """The parts of a `listen_address`. Raises ValueError for anything else."""
    host, _, port = bind.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    try:
        address = ipaddress.ip_address(host[1:-1] if bracketed else host)
    except ValueError:
        address = None
    named = port.isascii() and port.isdecimal() and int(port) > 0
    if address is None or bracketed != (address.version == IPV6) or not named:
        raise ValueError("must be an IP address and a port, such as 127.0.0.1:8000 or [::]:8000")
    return str(address), int(port)
