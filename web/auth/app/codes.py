"""Every reason for which an app's login is not begun or not ended, explained for support."""

from __future__ import annotations

from types import MappingProxyType

#: code -> what it means and what usually helps.
CODES = MappingProxyType(
    {
        "app-parameter-twice": "The app sent a parameter of its request twice.",
        "app-redirect-not-registered": (
            "The app named a redirect_uri that is not one of those of the implementation. It must be the same to the "
            "character: compare it with the page The app."
        ),
        "app-redirect-removed": "The app's redirect_uri was removed from the page The app while the person logged in.",
        "app-state": "The app's state is not 16 to 256 visible ASCII characters.",
        "app-challenge": "The app's code_challenge is not 43 characters with code_challenge_method=S256 (PKCE).",
        "app-response-type": "The app asked for a response_type other than code.",
        "app-start-over": "The login that the app began took more than 15 minutes, or its address was used before.",
        "app-starts-too-many": "Too many logins were begun from one address.",
    }
)
