"""Our side of External Authentication: the addresses that the organizer's people and the app's developers need."""

from __future__ import annotations

from dataclasses import dataclass

from records import Implementation
from web.auth.services import AuthServices


@dataclass(frozen=True)
class CopyableValue:
    """One value to copy. `id` is that of its field on the page."""

    id: str
    label: str
    value: str
    help: str


def our_side(implementation: Implementation, kind: str = "") -> tuple[CopyableValue, ...]:
    """Return what one kind needs, or what any of them may need."""
    config = AuthServices.here().config
    base = config.absolute(f"/ext/{implementation.slug}")
    token = config.absolute(f"/api/v1/implementations/{implementation.slug}/auth/token")
    assertion = (
        CopyableValue(
            "our-aud", "Audience (aud)", base, "For signed assertions: exactly what aud must be, as a single string."
        ),
        CopyableValue(
            "our-jwt",
            "Where the login page posts the assertion",
            f"{base}/jwt",
            "For signed assertions from a browser: the address of the form on the organizer's page.",
        ),
    )
    always = (
        CopyableValue(
            "our-token",
            "Token endpoint of the app",
            token,
            "Where the app exchanges an assertion or token for tokens of ours.",
        ),
    )
    return (*(assertion if kind in {"", "jwt"} else ()), *always)
