"""Rate limits for starting logins and posting messages from one address. They protect against floods.

Each started login stays in the store for minutes, and each posted message costs some work before it is refused. The
limits are far above what many people behind one address need; the operator can exempt venues nevertheless.

1. From one address, 3,000 requests a minute; a login makes two.
2. From one address, 300 refused messages a minute. Only a few per cent of genuine logins fail.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import request

from runner.logins import AttemptDecision, LoginOrigin
from web.auth.client_networks import address_of, is_venue, owner_of
from web.auth.services import AuthServices
from web.problem_details import HttpProblem

#: Most requests from one address in a window.
FROM_ADDRESS: Final = 3000
#: Most refused messages from one address in a window.
REFUSED_FROM_ADDRESS: Final = 300
WINDOW_S: Final = 60

_REFUSED: Final = "saml refused from address"


def origin() -> LoginOrigin:
    """Return the origin of this request."""
    where = address_of(request.remote_addr or "")
    return LoginOrigin(where, is_venue(where, AuthServices.here().config.venue_networks), owner_of(where))


def check_rate() -> None:
    """Count this request. Raises `HttpProblem` (429) if there are too many from its address, and `StoreAway`."""
    where = origin()
    if where.at_venue:
        return
    attempts = AuthServices.here().store.attempts
    _check(attempts.hit("saml from address", where.address, limit=FROM_ADDRESS, window_s=WINDOW_S))  # 1.


def check_refused() -> None:
    """Raise `HttpProblem` (429) if too many messages from this address were refused, and `StoreAway`."""
    where = origin()
    if not where.at_venue:
        _check(AuthServices.here().store.attempts.left(_REFUSED, where.address, limit=REFUSED_FROM_ADDRESS))  # 2.


def count_refused() -> None:
    """Count a message from this address as refused. Raises `StoreAway`."""
    where = origin().address
    AuthServices.here().store.attempts.hit(_REFUSED, where, limit=REFUSED_FROM_ADDRESS, window_s=WINDOW_S)


def _check(allowed: AttemptDecision) -> None:
    if not allowed.ok:
        raise HttpProblem(
            HTTPStatus.TOO_MANY_REQUESTS,
            "Too many people are logging in from your network at the moment. Please try again in a minute.",
            headers={"Retry-After": str(allowed.retry_after_s)},
        )
