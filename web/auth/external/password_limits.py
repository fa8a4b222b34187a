"""Limits on password attempts: for a username, from an address, and in an implementation.

1. From one IP address, 20 attempts a minute, over all implementations. Thousands of attendees share the address of a
   venue, so the operator can exempt venues.
2. For one username of an implementation, 5 failures, then growing delays.
3. In one implementation, 300 attempts a minute: more than attendees need, fewer than a botnet would make. The venue has
   300 of its own, so that a botnet elsewhere cannot lock out the people at the venue.

The store sees a username only as an HMAC with one of our keys, so reading the store reveals no badge ID.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Sequence
from typing import Final

from runner.logins import LoginStore
from runner.settings.readers import Network
from web.auth.client_networks import address_of, is_venue

from .refusals import too_often

FROM_ADDRESS: Final = 20
IN_IMPLEMENTATION: Final = 300
WINDOW_S: Final = 60
_PURPOSE: Final = b"external login name 1:"


class PasswordLimits:
    """The limits of password logins. `key` is one of our secrets, `venues` are the exempted networks."""

    def __init__(self, store: LoginStore, *, key: str, venues: Sequence[Network]) -> None:
        self._attempts = store.attempts
        self._key = hashlib.sha256(_PURPOSE + key.encode()).digest()
        self._venues = tuple(venues)

    def begin(self, implementation: str, username: str, ip: str) -> None:
        """Count an attempt before it is made. Raises `ExternalLoginRefused` (429) if it may not be made, and `StoreAway`."""
        # 1. the address
        where = address_of(ip)
        at_venue = is_venue(where, self._venues)
        if not at_venue:
            allowed = self._attempts.hit("password from address", where, limit=FROM_ADDRESS, window_s=WINDOW_S)
            if not allowed.ok:
                raise too_often("too often from this address", allowed.retry_after_s)
        # 2. the name
        name = self._name(implementation, username)
        wait_s = self._attempts.begin("password", name)
        if wait_s:
            raise too_often("too often for this name", wait_s)
        # 3. the implementation
        kind = "password at venue" if at_venue else "password in"
        allowed = self._attempts.hit(kind, implementation, limit=IN_IMPLEMENTATION, window_s=WINDOW_S)
        if not allowed.ok:
            self._attempts.spare("password", name)
            raise too_often("too often in this implementation", allowed.retry_after_s)

    def right(self, implementation: str, username: str) -> None:
        """The password was right: forget earlier failures."""
        self._attempts.forget("password", self._name(implementation, username))

    def unknown(self, implementation: str, username: str) -> None:
        """The vendor gave no answer: do not count this attempt for the username."""
        self._attempts.spare("password", self._name(implementation, username))

    def _name(self, implementation: str, username: str) -> str:
        # Spellings that a vendor may treat as equal must share one limit: databases can ignore case, accents, invisible
        # characters and leading zeros.
        letters = unicodedata.normalize("NFKD", username.casefold()).casefold()
        plain = "".join(filter(str.isalnum, letters)).lstrip("0") or letters
        return hmac.new(self._key, f"{implementation}\0{plain}".encode("utf-8", "replace"), "sha256").hexdigest()
