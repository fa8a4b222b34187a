"""Organizers' public keys: which key may verify, and how keys are fetched and cached.

A key is chosen by the configured algorithm and then by its ID; what a message says about its own keys is ignored. Only
the public members of a key are used.
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

LIFE_S: Final = 600.0  #: a revoked key is trusted no longer than this
STALE_S: Final = 3600.0  #: if keys cannot be fetched again, the old ones are used until then
UNKNOWN_S: Final = 60.0  #: between two fetches because of an unknown key ID
FAILED_S: Final = 5.0  #: between two fetches when the last one failed
WAIT_S: Final = 3.5  #: for the first fetch by another thread, and for the fetch itself
#: Threads of a process that may wait for a first fetch, so that invalid requests cannot occupy all threads.
MAX_WAITING: Final = 4
MAX_BYTES: Final = 64 * 1024
MAX_KEYS: Final = 50
_MAX_SETS: Final = 1000  #: cached by a process
_RSA_BITS: Final = range(2048, 8193)
_MAX_RSA_E_BITS: Final = 32

#: Algorithm -> key type, curve, and public members. HS256 is missing because it has no public key.
KINDS: Final[dict[str, tuple[str, str | None, tuple[str, ...]]]] = {
    "ES256": ("EC", "P-256", ("crv", "x", "y")),
    "EdDSA": ("OKP", "Ed25519", ("crv", "x")),
    "RS256": ("RSA", None, ("n", "e")),
}
#: The newer name of the same algorithm (RFC 9864).
SAME: Final = {"Ed25519": "EdDSA"}


class KeysUnavailable(Exception):
    """The organizer's keys could not be fetched. The text contains no input."""


def choose(jwks: Any, algorithm: str, kid: str | None) -> dict[str, Any] | None:
    """Return the one key that may verify, with its public members only; None if there is none, or more than one.

    1. Its type and curve fit the algorithm, and its `use`, `alg` and `key_ops` allow verification.
    2. It contains no private member: a key whose private part is published proves nothing.
    3. It has the requested ID. Without an ID, there must be only one key.
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
    """Return a Base64url number (RFC 7518, 2); 0 if it is invalid."""
    try:
        return int.from_bytes(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return 0


@dataclass
class _Set:
    """The keys of one address. The thread that holds the lock may fetch them."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    jwks: dict[str, Any] | None = None
    fetched_at: float = float("-inf")
    tried_at: float = float("-inf")


class JwksCache:
    """The fetched keys of a process, by address. `clock` gives monotonic seconds."""

    def __init__(self, outbound: OutboundRequests, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._outbound = outbound
        self._clock = clock
        self._sets: dict[str, _Set] = {}
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)

    def find(self, url: str, algorithm: str, kid: str | None) -> dict[str, Any] | None:
        """Return the key that may verify; None if the organizer publishes none. Raises `KeysUnavailable`.

        1. Keys that are too old are fetched again; if that fails, they are used for a while longer.
        2. For an unknown ID they are fetched once more, but at most once a minute: made-up IDs must not cause a request
           to the organizer each time.
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
        """Fetch the keys, unless that was done recently or another thread is doing it."""
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
        """Take the lock of these keys; wait for it only if there are no keys yet, and only in a few threads."""
        if keys.lock.acquire(blocking=False):
            return True
        if keys.jwks is not None or not self._waiting.acquire(blocking=False):
            return False
        try:
            return keys.lock.acquire(timeout=WAIT_S)
        finally:
            self._waiting.release()

    def _fetched(self, url: str) -> dict[str, Any] | None:
        host = urlsplit(url).hostname  # the rest of the address may contain a secret
        try:
            answer = self._outbound.fetch(url, max_body=MAX_BYTES, timeout_s=WAIT_S, accept="application/json")
            if answer.status != 200:  # OK
                log.warning("keys could not be fetched host=%s status=%d", host, answer.status)
                return None
            return read_object(answer.body)
        except (OutboundRequestFailed, ValueError) as failed:
            log.warning("keys could not be fetched host=%s error=%s", host, failed)
            return None
