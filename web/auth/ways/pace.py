"""How often logins may be begun and messages be posted from one address: against floods, not against people.

Each begun login stays in the store for minutes, and each posted message costs a little work before it is refused. The
limit is far above what a crowd behind one address does; venues are excepted by the operator all the same.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from flask import request

from web.auth.entrance import Entrance
from web.auth.external.limits import address_of, is_venue
from web.problems import Fault

#: Requests from one address in so many seconds. A login makes two.
FROM_ADDRESS: Final = 3000
WINDOW_S: Final = 60


def check_pace() -> None:
    """Count this request. Raises `Fault` (429) when its address asks too often, and `StoreAway`."""
    entrance = Entrance.here()
    where = address_of(request.remote_addr or "")
    if is_venue(where, entrance.config.venue_networks):
        return
    allowed = entrance.store.attempts.hit("saml from address", where, limit=FROM_ADDRESS, window_s=WINDOW_S)
    if not allowed.ok:
        raise Fault(
            HTTPStatus.TOO_MANY_REQUESTS,
            "Too many people log in from here at the moment. Please try again in a minute.",
            headers={"Retry-After": str(allowed.retry_after_s)},
        )
