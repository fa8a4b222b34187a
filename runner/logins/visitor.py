"""Who asks, as a login says it: from the cookie, or from a token of the app."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visitor:
    """A user of an implementation, and the login by which they came."""

    implementation: str
    subject: str
    login: str = (
        ""  #: the random id of this login: the unit that can be ended. Empty for nobody who is really logged in
    )
    since: int = 0  #: when the person proved who they are, in Unix seconds
    source: str = ""  #: the way in: "saml", "jwt", "introspection", "password", "first administrator"
