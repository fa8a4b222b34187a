"""How often passwords may be tried: for a name, from an address, and in an implementation.

1. From one address of the internet 20 attempts a minute, over all implementations. A venue's network, behind whose one
   address thousands of attendees stand, is excepted by the operator.
2. For one name of an implementation 5 failures, then delays that grow.
3. In one implementation 300 attempts a minute, which no crowd of honest people needs and a botnet would. Its venue has
   300 of its own: a botnet outside must not lock out the people who stand at the door.

The store sees a name only as an HMAC with a key of ours: who reads the store learns nobody's badge ID.
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
    """The limits of password logins. `key` is a secret of ours, `venues` are the excepted networks."""

    def __init__(self, store: LoginStore, *, key: str, venues: Sequence[Network]) -> None:
        self._attempts = store.attempts
        self._key = hashlib.sha256(_PURPOSE + key.encode()).digest()
        self._venues = tuple(venues)

    def begin(self, implementation: str, username: str, ip: str) -> None:
        """Count an attempt before it is made; raises `Refused` (429) when it may not be, `StoreAway` when nobody knows."""
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
        """The password was right: earlier failures are forgotten."""
        self._attempts.forget("password", self._name(implementation, username))

    def unknown(self, implementation: str, username: str) -> None:
        """The vendor could not say: this attempt is not held against the name."""
        self._attempts.spare("password", self._name(implementation, username))

    def _name(self, implementation: str, username: str) -> str:
        # Spellings which a vendor may take for the same must not each have attempts of their own: databases look over
        # case, accents and signs that cannot be seen, and read numbers with zeros before them.
        letters = unicodedata.normalize("NFKD", username.casefold()).casefold()
        plain = "".join(filter(str.isalnum, letters)).lstrip("0") or letters
        return hmac.new(self._key, f"{implementation}\0{plain}".encode("utf-8", "replace"), "sha256").hexdigest()
