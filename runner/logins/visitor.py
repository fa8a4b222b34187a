"""Who makes a request, as a login says it: from the cookie, or from a token of the app."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Visitor:
    """A user of an implementation, and the login of the request."""

    implementation: str
    subject: str
    login: str = ""  #: the random id of this login, by which it can be ended; never empty for a real login
    since: int = 0  #: when this login was made, in Unix seconds
    source: str = ""  #: by "saml", "jwt", "introspection", "password", "first administrator" or "command line"
    #: when the person proved who they are: before `since` if their provider still had a session. Checked at a step-up
    proved: int = 0
    until: int = 0  #: when this login must end, as its provider says; 0 if it does not say
