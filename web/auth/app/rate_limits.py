"""How often an app's login may be begun and the token endpoint asked. Tokens cannot be guessed; this is against floods.

1. With one code or for one login 20 times a minute: an app that asks in a loop is told to slow down.
2. From one address of the internet 600 times a minute at the token endpoint, and 120 logins begun, each of which takes
   room in the store for minutes. Venues, behind whose one address thousands of phones stand, are excepted by the
   operator.

Passwords have narrower limits of their own (`web.auth.external.password_limits`).
"""

from __future__ import annotations

from typing import Final

from flask import request

from runner.logins import AttemptDecision
from web.auth.client_networks import address_of, is_venue
from web.auth.services import AuthServices

FOR_ONE: Final = 20
FROM_ADDRESS: Final = 600
STARTS_FROM_ADDRESS: Final = 120
WINDOW_S: Final = 60


def of_one(entrance: AuthServices, what: str) -> AttemptDecision:
    """Count a request with this code, or for this login. Raises `StoreAway`."""
    return entrance.store.attempts.hit("app tokens for one", what, limit=FOR_ONE, window_s=WINDOW_S)


def of_address(entrance: AuthServices) -> AttemptDecision:
    """Count a request for tokens from the address which asks. Raises `StoreAway`."""
    return _from(entrance, "app tokens from address", FROM_ADDRESS)


def of_starts(entrance: AuthServices) -> AttemptDecision:
    """Count a login which the address that asks begins. Raises `StoreAway`."""
    return _from(entrance, "app starts from address", STARTS_FROM_ADDRESS)


def _from(entrance: AuthServices, kind: str, limit: int) -> AttemptDecision:
    where = address_of(request.remote_addr or "")
    if is_venue(where, entrance.config.venue_networks):
        return AttemptDecision(True)
    return entrance.store.attempts.hit(kind, where, limit=limit, window_s=WINDOW_S)
