"""The addresses that calls may go to, and how the addresses of a host are looked up.

The owner of a name in the DNS decides where we connect, and may decide differently a second later. So a name is looked up
once, every address must be public, and the connection is made to one of the addresses that were checked.
"""

from __future__ import annotations

import functools
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from records.ip_addresses import IpAddress, ip_address, mapped, not_public

#: Looks a host up and gives its addresses as text; raises OSError if there are none.
Lookup = Callable[[str], Sequence[str]]

KEPT_S: Final = 30.0  #: how long looked-up addresses are used again
_FAILURE_KEPT_S: Final = 2.0
_MAX_ADDRESSES: Final = 16  #: of one host; further ones are ignored
_MAX_HOSTS: Final = 4096  #: remembered at the same time
_MAX_LOOKUPS: Final = 256  #: at the same time: more than a worker has runs, or slow names would block all others


class AddressRefused(Exception):
    """An address may not be called. The text names its kind but not the address, which may reveal our network."""


def usable_addresses(addresses: Sequence[str], *, allow_loopback: bool, only_loopback: bool = False) -> tuple[str, ...]:
    """Return the addresses in their plain form if all of them may be called; raises `AddressRefused`.

    1. There is at least one, and each is an address without a zone.
    2. Each is public (`not_public`). In development, loopback is allowed too.
    3. If the connection is not encrypted (`only_loopback`), each is loopback.
    """
    # 1. addresses
    if not addresses:
        raise AddressRefused("no address")
    plain = tuple(dict.fromkeys(_plain(text) for text in addresses[:_MAX_ADDRESSES]))
    for address in plain:
        # 2. public
        if not (allow_loopback and address.is_loopback):
            reason = _why_not_public(address)
            if reason:
                raise AddressRefused(f"an address that is not public: {reason}")
        # 3. unencrypted
        if only_loopback and not address.is_loopback:
            raise AddressRefused("an address that is not loopback, without encryption")
    return tuple(str(address) for address in plain)


#: Addresses whose parsing and whose kind are remembered: the same few are judged again at every call.
_REMEMBERED: Final = 1024
_why_not_public = functools.lru_cache(maxsize=_REMEMBERED)(not_public)


@functools.lru_cache(maxsize=_REMEMBERED)
def _plain(text: str) -> IpAddress:
    if "%" in text:
        raise AddressRefused("an address with a zone, which is never public")
    address = ip_address(text)
    if address is None:
        raise AddressRefused("something that is not an address")
    return mapped(address)


# -- looking up ---------------------------------------------------------------------------------------------------


def system_lookup(host: str) -> tuple[str, ...]:
    """Ask the system's resolver."""
    # As bytes, because Python would map a text by IDNA 2003. Other characters raise UnicodeError, as an unknown name does.
    found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
    return tuple(str(sockaddr[0]) for _, _, _, _, sockaddr in found)


@dataclass
class _Answer:
    """A look-up under way, or done: `ready` is set once `addresses` is final (empty: not found)."""

    ready: threading.Event = field(default_factory=threading.Event)
    addresses: tuple[str, ...] = ()
    ends_at: float = float("inf")


class HostResolver:
    """Looks hosts up: once for all threads that ask at the same time, and never for longer than a caller can wait.

    The system's resolver cannot be interrupted, so each look-up has its own thread, which a caller leaves behind at its
    deadline. Hosts come from connections, never from scripts, so there are few. Answers are remembered as they came;
    whether they may be used is decided again at every call.
    """

    def __init__(self, lookup: Lookup = system_lookup) -> None:
        self._lookup = lookup
        self._answers: dict[str, _Answer] = {}
        self._lock = threading.Lock()
        self._free = threading.BoundedSemaphore(_MAX_LOOKUPS)

    def addresses(self, host: str, *, deadline: float) -> tuple[str, ...]:
        """Return the addresses of a host, none if it has none; raises TimeoutError at the deadline (monotonic)."""
        if host.replace(".", "").isdigit() or ":" in host:
            return (host,)  # an address already; odd spellings are refused later
        answer = self._answer_for(host)
        if not answer.ready.wait(max(0.0, deadline - time.monotonic())):
            raise TimeoutError
        return answer.addresses

    def _answer_for(self, host: str) -> _Answer:
        with self._lock:
            answer = self._answers.get(host)
            if answer and time.monotonic() < answer.ends_at:
                return answer
            answer = _Answer()
            if not self._free.acquire(blocking=False):
                answer.ready.set()
                return answer
            if len(self._answers) >= _MAX_HOSTS:
                self._answers.clear()
            self._answers[host] = answer
        threading.Thread(target=self._look_up, args=(host, answer), name="look-up", daemon=True).start()
        return answer

    def _look_up(self, host: str, answer: _Answer) -> None:
        try:
            answer.addresses = tuple(self._lookup(host))
        except (OSError, UnicodeError):
            answer.addresses = ()
        finally:
            answer.ends_at = time.monotonic() + (KEPT_S if answer.addresses else _FAILURE_KEPT_S)
            self._free.release()
            answer.ready.set()
