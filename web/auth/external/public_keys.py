"""Organizers' public keys: which of them may verify, and how they are fetched and kept.

A key is chosen by the configured algorithm first and by its name second; whatever a message says about its own keys is
not looked at. Of a published key only its public numbers are taken.
"""

from __future__ import annotations

import base64
import binascii
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from runner.powers.outbound_requests import OutboundRequestFailed, OutboundRequests

from .strict_json import read_object

log = logging.getLogger(__name__)

LIFE_S: Final = 600.0  #: a key that the organizer takes back is believed no longer than this
STALE_S: Final = 3600.0  #: if they cannot be fetched again, the old ones serve until here
UNKNOWN_S: Final = 60.0  #: between two fetches because of an unknown key id
FAILED_S: Final = 5.0  #: between two fetches when the last one failed
WAIT_S: Final = 3.5  #: for another thread's first fetch, and for the fetch itself
#: Threads of a process which wait for somebody's first fetch. Strangers who send nonsense must not get all of them.
MAX_WAITING: Final = 4
MAX_BYTES: Final = 64 * 1024
MAX_KEYS: Final = 50
_MAX_SETS: Final = 1000  #: kept in a process
_RSA_BITS: Final = range(2048, 8193)
_MAX_RSA_E_BITS: Final = 32

#: Algorithm -> key type, curve, and the public members. One algorithm has one kind of key, and HS256 is not among them.
KINDS: Final[dict[str, tuple[str, str | None, tuple[str, ...]]]] = {
    "ES256": ("EC", "P-256", ("crv", "x", "y")),
    "EdDSA": ("OKP", "Ed25519", ("crv", "x")),
    "RS256": ("RSA", None, ("n", "e")),
}
#: The newer name of the same algorithm (RFC 9864).
SAME: Final = {"Ed25519": "EdDSA"}


class KeysUnavailable(Exception):
    """The organizer's keys could not be fetched. The text holds nothing that anybody sent."""


def choose(jwks: Any, algorithm: str, kid: str | None) -> dict[str, Any] | None:
    """Give the one key which may verify, with its public members only; None if there is none, or more than one.

    1. Its type and curve are those of the algorithm; what it says about its use does not forbid this one.
    2. It holds nothing private: a key whose secret is published proves nothing.
    3. It has the name asked for. Without a name there must be one key only.
    """
    found = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(found, list):
        return None
    fitting = [key for key in found[:MAX_KEYS] if isinstance(key, dict) and _fits(key, algorithm)]
    named = [key for key in fitting if kid is None or key.get("kid") == kid]
    if len(named) != 1:
        return None
    kind, _, members = KINDS[algorithm]
    return {"kty": kind} | {member: named[0][member] for member in members}


def _fits(key: dict[str, Any], algorithm: str) -> bool:
    kind, curve, members = KINDS[algorithm]
    # 1. type, curve, use
    if key.get("kty") != kind or (curve is not None and key.get("crv") != curve):
        return False
    named = key.get("alg")
    if key.get("use") not in {None, "sig"} or (named is not None and SAME.get(str(named), named) != algorithm):
        return False
    operations = key.get("key_ops")
    if operations is not None and not (isinstance(operations, list) and "verify" in operations):
        return False
    if not all(isinstance(key.get(member), str) for member in members):
        return False
    # 2. nothing private
    if {"d", "p", "q", "k"} & key.keys():
        return False
    return kind != "RSA" or (
        _number(key["n"]).bit_length() in _RSA_BITS and 1 < _number(key["e"]).bit_length() <= _MAX_RSA_E_BITS
    )


def _number(text: str) -> int:
    """A Base64url number (RFC 7518, 2); 0 for what is none."""
    try:
        return int.from_bytes(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return 0


@dataclass
class _Set:
    """The keys of one address. Whoever holds the lock may fetch."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    jwks: dict[str, Any] | None = None
    fetched_at: float = float("-inf")
    tried_at: float = float("-inf")


class JwksCache:
    """The fetched keys of a process, by address. `clock` gives monotonic seconds."""

    def __init__(self, outreach: OutboundRequests, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._outreach = outreach
        self._clock = clock
        self._sets: dict[str, _Set] = {}
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)

    def find(self, url: str, algorithm: str, kid: str | None) -> dict[str, Any] | None:
        """Give the key which may verify; None if the organizer publishes none. Raises `KeysUnavailable`.

        1. Keys that are too old are fetched anew; if that fails, they serve for a while longer.
        2. For a name that is not among them they are fetched once more, but at most once a minute: a stranger may
           invent names, and must not make us knock at the organizer's door each time.
        """
        keys = self._set(url)
        # 1. age
        if self._clock() - keys.fetched_at > LIFE_S:
            self._refresh(keys, url, every_s=FAILED_S)
        if keys.jwks is None or self._clock() - keys.fetched_at > STALE_S:
            raise KeysUnavailable("no keys")
        found = choose(keys.jwks, algorithm, kid)
        # 2. unknown name
        if found is None:
            self._refresh(keys, url, every_s=UNKNOWN_S)
            found = choose(keys.jwks, algorithm, kid)
        return found

    def _set(self, url: str) -> _Set:
        with self._lock:
            if url not in self._sets and len(self._sets) >= _MAX_SETS:
                self._sets.clear()
            return self._sets.setdefault(url, _Set())

    def _refresh(self, keys: _Set, url: str, *, every_s: float) -> None:
        """Fetch, unless that was done lately or another thread is at it."""
        if not self._may_fetch(keys):
            return
        try:
            if self._clock() - keys.tried_at < every_s:
                return
            keys.tried_at = self._clock()
            fetched = self._fetched(url)
            if fetched is not None:
                keys.jwks, keys.fetched_at = fetched, self._clock()
        finally:
            keys.lock.release()

    def _may_fetch(self, keys: _Set) -> bool:
        """Take the lock of these keys; wait for it only while there are none, and with few others."""
        if keys.lock.acquire(blocking=False):
            return True
        if keys.jwks is not None or not self._waiting.acquire(blocking=False):
            return False
        try:
            return keys.lock.acquire(timeout=WAIT_S)
        finally:
            self._waiting.release()

    def _fetched(self, url: str) -> dict[str, Any] | None:
        host = urlsplit(url).hostname  # the rest of an address may hold a key of somebody's
        try:
            answer = self._outreach.fetch(url, max_body=MAX_BYTES, timeout_s=WAIT_S, accept="application/json")
            if answer.status != 200:  # OK
                log.warning("keys were not given host=%s status=%d", host, answer.status)
                return None
            return read_object(answer.body)
        except (OutboundRequestFailed, ValueError) as failed:
            log.warning("keys were not given host=%s error=%s", host, failed)
            return None
