"""The states of a SAML login while the person is at the provider, and how the browser is recognized when it returns.

The provider's message is posted by a page of another site, so our cookie does not come with it. Therefore three states
are stored, each for minutes, for one use and for one implementation:

1. `AwaitedLogin`: a login was started, and the message must answer it. Its handle is the RelayState.
2. `ProvedLogin`: a message was accepted. Its handle is in the next address, to which the browser sends its cookie.
3. `AwaitedLogout`: a logout was started, and only its answer is accepted.

The cookie is one random value for each browser, so that logins in several tabs do not interfere. The store contains only
its hash, so reading the store does not allow anyone to complete a login.
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

#: Seconds for authenticating at the provider; after that the login must be started again.
LOGIN_S = 15 * 60

#: Seconds from an accepted message to the request that follows its redirect.
PROVED_S = 120

#: Seconds for the provider to end its other logins and answer.
LOGOUT_S = 5 * 60

_LOGIN, _PROVED, _LOGOUT = "saml asked", "saml arrived", "saml leaving"


@dataclass(frozen=True)
class AwaitedLogin:
    """A login that a browser has started."""

    implementation: str
    browser: str  #: the hash of the browser's binding cookie
    request_id: str
    journey: Journey


@dataclass(frozen=True)
class ProvedLogin:
    """A person whom a message has authenticated, waiting for the browser that started the login."""

    person: AuthenticatedPerson
    browser: str
    journey: Journey


@dataclass(frozen=True)
class AwaitedLogout:
    """A logout that was sent to the provider."""

    implementation: str
    request_id: str
    next: str = ""


class LoginStates:
    """The states in the store. A state of one implementation cannot be found for another."""

    def __init__(self, store: LoginStore) -> None:
        self._pending_logins = store.pending_logins
        self._one_time_states = store.one_time_states

    def put_awaited_login(self, awaited: AwaitedLogin, handle: str, origin: LoginOrigin) -> None:
        """Store a started login under its handle, the RelayState."""
        self._pending_logins.put(_LOGIN, asdict(awaited), LOGIN_S, origin, handle=handle)

    def find_awaited_login(self, implementation: str, handle: str) -> AwaitedLogin | None:
        """Return a started login, and leave it in the store until its message is accepted."""
        found = self._pending_logins.look(_LOGIN, handle)
        return _awaited_login(found) if found and found["implementation"] == implementation else None

    def take_awaited_login(self, handle: str) -> bool:
        """Use up a started login; False if it was used before."""
        return self._pending_logins.take(_LOGIN, handle) is not None

    def put_proved_login(self, proved: ProvedLogin) -> str:
        """Store the person of an accepted message; return the handle for the browser's next address."""
        return self._one_time_states.put(_PROVED, _as_values(proved), PROVED_S)

    def find_proved_login(self, implementation: str, handle: str) -> ProvedLogin | None:
        """Return a proved login, and leave it in the store: another browser with the address must not use it up."""
        found = self._one_time_states.look(_PROVED, handle)
        return _proved_login(found) if found and found["person"]["implementation"] == implementation else None

    def take_proved_login(self, handle: str) -> bool:
        """Use up a proved login; False if it was used before."""
        return self._one_time_states.take(_PROVED, handle) is not None

    def put_awaited_logout(self, awaited: AwaitedLogout, handle: str) -> None:
        """Store a started logout under its handle, the RelayState."""
        self._one_time_states.put(_LOGOUT, asdict(awaited), LOGOUT_S, handle=handle)

    def take_awaited_logout(self, implementation: str, handle: str) -> AwaitedLogout | None:
        """Return a started logout, once."""
        found = self._one_time_states.take(_LOGOUT, handle)
        return AwaitedLogout(**found) if found and found["implementation"] == implementation else None


def _awaited_login(found: dict[str, Any]) -> AwaitedLogin:
    return AwaitedLogin(**{**found, "journey": Journey(**found["journey"])})


def _as_values(proved: ProvedLogin) -> dict[str, Any]:
    value = asdict(proved)
    for name in ("expires_at", "proved_at"):
        moment: datetime | None = value["person"][name]
        value["person"][name] = moment.isoformat() if moment else None
    return value


def _proved_login(found: dict[str, Any]) -> ProvedLogin:
    person = dict(found["person"])
    for name in ("expires_at", "proved_at"):
        person[name] = datetime.fromisoformat(person[name]) if person[name] else None
    person["profile"] = UserProfile(**person["profile"])
    person["saml"] = SamlSession(**person["saml"]) if person["saml"] else None
    return ProvedLogin(AuthenticatedPerson(**person), found["browser"], Journey(**found["journey"]))


class LoginBrowser:
    """The browser of this request, recognized by its binding cookie."""

    def __init__(self, *, secure: bool) -> None:
        # A __Host- cookie cannot be planted by a sibling domain or over plain http.
        self._cookie = "__Host-login-way" if secure else "login-way"
        self._secure = secure

    def cookie_hash(self) -> str:
        """Return the hash of the browser's cookie; "" if it has none."""
        value = request.cookies.get(self._cookie, "")
        return _hashed(value) if 0 < len(value) <= 64 else ""  # twice the length of our values

    def is_same_browser(self, expected: str) -> bool:
        """Say whether a state was made for this browser."""
        cookie_hash = self.cookie_hash()
        return bool(cookie_hash) and hmac.compare_digest(cookie_hash, expected)

    def mark(self) -> tuple[str, str]:
        """Return the value for the cookie and its hash. An existing value is kept, because other tabs may need it."""
        value = request.cookies.get(self._cookie, "") if self.cookie_hash() else secrets.token_urlsafe(24)
        return value, _hashed(value)

    def keep(self, response: Response, value: str) -> None:
        """Set the cookie for as long as a login may take."""
        response.set_cookie(
            self._cookie, value, max_age=LOGIN_S, path="/", secure=self._secure, httponly=True, samesite="Lax"
        )


def _hashed(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
