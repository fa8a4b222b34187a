"""How often the token endpoint may be asked. Tokens cannot be guessed; this is against loops and floods.

1. With one code or for one login 20 times a minute: an app that asks in a loop is told to slow down.
2. From one address of the internet 600 times a minute. Venues, behind whose one address thousands of phones stand, are
   excepted by the operator.

Passwords have narrower limits of their own (`web.auth.external.limits`).
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final

from runner.logins import LoginStore
from runner.setting_kinds import Network
from web.auth.app.oauth import Refused
from web.auth.external.limits import address_of, is_venue

FOR_ONE: Final = 20
FROM_ADDRESS: Final = 600
WINDOW_S: Final = 60


def check_one(store: LoginStore, what: str) -> None:
    """Count a request with this code, or for this login. Raises `Refused` (429) and `StoreAway`."""
    _count(store, "app tokens for one", what, FOR_ONE)


def check_address(store: LoginStore, ip: str, venues: Sequence[Network]) -> None:
    """Count a request from this address. Raises `Refused` (429) and `StoreAway`."""
    where = address_of(ip)
    if not is_venue(where, venues):
        _count(store, "app tokens from address", where, FROM_ADDRESS)


def _count(store: LoginStore, kind: str, what: str, limit: int) -> None:
    allowed = store.attempts.hit(kind, what, limit=limit, window_s=WINDOW_S)
    if not allowed.ok:
        raise Refused(
            "slow_down",
            "Too many requests. Wait for Retry-After seconds.",
            status=HTTPStatus.TOO_MANY_REQUESTS,
            retry_after=allowed.retry_after_s,
        )
