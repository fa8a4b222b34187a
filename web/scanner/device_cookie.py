"""The cookie of a paired phone: the token of its device.

1. Script cannot read it (HttpOnly), it is sent to this host only (no Domain), and over https only where we have https.
2. Other sites' forms and frames do not send it (SameSite=Lax); what changes something must come from our own pages as well
   (`web.middleware.request_checks`).
3. It is bound to two paths: the pages of the scanner and the API of its own implementation. There, only
   `scan_access.sender_of` reads it; no other view does.
4. It outlives the device for as long as scans may be sent late.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from flask import Response, request

from records.attendance.intake import OLDEST
from web.auth.services import AuthServices

#: Where it is sent, for one implementation.
PATHS: Final = ("/scan/{slug}", "/api/v1/implementations/{slug}")


def name() -> str:
    """Return its name. A cookie with a path cannot have the prefix `__Host-`."""
    return "__Secure-scan-device" if AuthServices.here().config.secure else "scan-device"


def sent() -> str:
    """Return the token of this request's cookie; "" without one."""
    return request.cookies.get(name(), "")


def give(response: Response, slug: str, token: str, ends_at: datetime) -> None:
    """Give a phone its token, until scans of its device can no longer arrive."""
    left = ends_at + OLDEST - datetime.now(UTC)
    for path in PATHS:
        response.set_cookie(
            name(),
            token,
            max_age=max(0, int(left.total_seconds())),
            path=path.format(slug=slug),
            secure=AuthServices.here().config.secure,
            httponly=True,
            samesite="Lax",
        )
