"""Rate limits of the app's login and of the token endpoint. They protect against floods; tokens cannot be guessed.

1. With one code or for one login, 20 requests a minute: an app that requests in a loop is told to slow down.
2. From one IP address, 600 requests for tokens and 120 started logins a minute; each started login occupies the store
   for minutes. Thousands of phones share the address of a venue, so the operator can exempt venues.

Passwords have narrower limits (`web.auth.external.password_limits`).
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


def count_for_login(services: AuthServices, what: str) -> AttemptDecision:
    """Count a request with this code or for this login. Raises `StoreAway`."""
    return services.store.attempts.hit("app tokens for one", what, limit=FOR_ONE, window_s=WINDOW_S)


def count_for_address(services: AuthServices) -> AttemptDecision:
    """Count a request for tokens from the client's address. Raises `StoreAway`."""
    return _from(services, "app tokens from address", FROM_ADDRESS)


def count_start(services: AuthServices) -> AttemptDecision:
    """Count a started login from the client's address. Raises `StoreAway`."""
    return _from(services, "app starts from address", STARTS_FROM_ADDRESS)


def _from(services: AuthServices, kind: str, limit: int) -> AttemptDecision:
    where = address_of(request.remote_addr or "")
    if is_venue(where, services.config.venue_networks):
        return AttemptDecision(True)
    return services.store.attempts.hit(kind, where, limit=limit, window_s=WINDOW_S)
