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
    since: int = 0  #: when this login was made, in Unix seconds
    source: str = ""  #: the way in: "saml", "jwt", "introspection", "password", "first administrator", "command line"
    #: when the person really proved who they are: before `since` if their provider still knew them. Step-up looks at it
    proved: int = 0
    until: int = 0  #: when this login has to end, as its provider wants it; 0 leaves it to us
