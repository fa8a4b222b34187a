"""What a SAML login leaves with us while the person is away, and how we know the browser when it comes back.

A message of a provider is posted by a page of another site, so no cookie of ours comes with it. Therefore three things
are kept, each for minutes, each used once, each for one implementation:

1. `AwaitedLogin`: a login was begun; the message must answer it. Its handle is the RelayState, which means nothing to others.
2. `ProvedLogin`: a message was believed; its handle is in the address where the browser comes with its cookie.
3. `AwaitedLogout`: a logout was begun; only its answer is listened to.

The cookie is one random value for a browser, so that logins in several tabs do not disturb each other. In the store is
only its hash: who reads the store cannot finish somebody's login.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from flask import Response, request

from records import UserProfile
from runner.logins import LoginOrigin, LoginStore
from web.auth.login_steps.admission import AuthenticatedPerson, Journey, SamlSession

#: Seconds for typing a password, finding the phone, and confirming; then the login has to begin again.
ASKED_S = 15 * 60

#: Seconds from a believed message to the redirect which follows it.
ARRIVED_S = 120

#: Seconds for a provider to end its other logins and answer.
LEAVING_S = 5 * 60

_ASKED, _ARRIVED, _LEAVING = "saml asked", "saml arrived", "saml leaving"


@dataclass(frozen=True)
class AwaitedLogin:
    """A login which a browser began."""

    implementation: str
    browser: str  #: the hash of the browser's binding cookie
    request_id: str
    journey: Journey


@dataclass(frozen=True)
class ProvedLogin:
    """A person whom a message has proved, waiting for the browser which began the login."""

    person: AuthenticatedPerson
    browser: str
    journey: Journey


@dataclass(frozen=True)
class AwaitedLogout:
    """A logout of which we told the provider."""

    implementation: str
    request_id: str
    next: str = ""


class LoginStates:
    """The states in the store. What was made for one implementation is not there for another."""

    def __init__(self, store: LoginStore) -> None:
        self._begun = store.begun
        self._once = store.once

    def put_asked(self, asked: AwaitedLogin, handle: str, origin: LoginOrigin) -> None:
        """Keep a begun login under its handle, the RelayState."""
        self._begun.put(_ASKED, asdict(asked), ASKED_S, origin, handle=handle)

    def look_asked(self, implementation: str, handle: str) -> AwaitedLogin | None:
        """Return a begun login, and leave it until its message has been believed."""
        found = self._begun.look(_ASKED, handle)
        return _asked(found) if found and found["implementation"] == implementation else None

    def take_asked(self, handle: str) -> bool:
        """Burn a begun login; False if that has happened already."""
        return self._begun.take(_ASKED, handle) is not None

    def put_arrived(self, arrived: ProvedLogin) -> str:
        """Keep a believed message's person; return the handle for the browser's next address."""
        return self._once.put(_ARRIVED, _stored(arrived), ARRIVED_S)

    def look_arrived(self, implementation: str, handle: str) -> ProvedLogin | None:
        """Return who has arrived, and leave it: a stranger who found the address must not burn it."""
        found = self._once.look(_ARRIVED, handle)
        return _arrived(found) if found and found["person"]["implementation"] == implementation else None

    def take_arrived(self, handle: str) -> bool:
        """Burn an arrival; False if that has happened already."""
        return self._once.take(_ARRIVED, handle) is not None

    def put_leaving(self, leaving: AwaitedLogout, handle: str) -> None:
        """Keep a begun logout under its handle, the RelayState."""
        self._once.put(_LEAVING, asdict(leaving), LEAVING_S, handle=handle)

    def take_leaving(self, implementation: str, handle: str) -> AwaitedLogout | None:
        """Return a begun logout, once."""
        found = self._once.take(_LEAVING, handle)
        return AwaitedLogout(**found) if found and found["implementation"] == implementation else None


def _asked(found: dict[str, Any]) -> AwaitedLogin:
    return AwaitedLogin(**{**found, "journey": Journey(**found["journey"])})


def _stored(arrived: ProvedLogin) -> dict[str, Any]:
    value = asdict(arrived)
    for name in ("expires_at", "proved_at"):
        moment: datetime | None = value["person"][name]
        value["person"][name] = moment.isoformat() if moment else None
    return value


def _arrived(found: dict[str, Any]) -> ProvedLogin:
    person = dict(found["person"])
    for name in ("expires_at", "proved_at"):
        person[name] = datetime.fromisoformat(person[name]) if person[name] else None
    person["profile"] = UserProfile(**person["profile"])
    person["saml"] = SamlSession(**person["saml"]) if person["saml"] else None
    return ProvedLogin(AuthenticatedPerson(**person), found["browser"], Journey(**found["journey"]))


class LoginBrowser:
    """The browser which asks, known by its binding cookie."""

    def __init__(self, *, secure: bool) -> None:
        # A __Host- cookie cannot be planted by a sibling domain or over plain http.
        self._cookie = "__Host-login-way" if secure else "login-way"
        self._secure = secure

    def known(self) -> str:
        """Return the hash of the value which this browser carries; "" if it carries none."""
        value = request.cookies.get(self._cookie, "")
        return _hashed(value) if 0 < len(value) <= 64 else ""  # twice what we hand out

    def is_the_one(self, expected: str) -> bool:
        """Say whether this browser is the one that a state was made for."""
        known = self.known()
        return bool(known) and hmac.compare_digest(known, expected)

    def mark(self) -> tuple[str, str]:
        """Return the value to carry from now on, and its hash. One which is there stays, for the other tabs' sake."""
        value = request.cookies.get(self._cookie, "") if self.known() else secrets.token_urlsafe(24)
        return value, _hashed(value)

    def keep(self, response: Response, value: str) -> None:
        """Let the browser carry the value for as long as a login may take."""
        response.set_cookie(
            self._cookie, value, max_age=ASKED_S, path="/", secure=self._secure, httponly=True, samesite="Lax"
        )


def _hashed(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
