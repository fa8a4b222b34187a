"""The logins at the identity provider itself, in the memory of this process: a restart ends them all.

A login belongs to one browser. It remembers the service providers that it was used for, so that a logout reaches all
of them, one after the other (profiles 4.4).
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from .incoming_messages import ReceivedLogoutRequest
from .outgoing_messages import LOGIN_LASTS, LoginFacts
from .sample_people import SamplePerson
from .service_providers import ServiceProvider

#: Logins, and logouts under way, that are kept: more than a developer has. The oldest are dropped.
MOST = 1000

Value = TypeVar("Value")


@dataclass
class IdpLogin:
    """One browser's login; `service_providers` are those it was used for, by their names."""

    person: SamplePerson
    since: datetime
    index: str
    service_providers: dict[str, ServiceProvider] = field(default_factory=dict)

    @property
    def facts(self) -> LoginFacts:
        """What an assertion says about this login."""
        return LoginFacts(self.person, self.since, self.index)


@dataclass
class LogoutInProgress:
    """A logout under way. `requested_by` is the request that began it (None: the person did, on our page)."""

    person: SamplePerson
    index: str
    remaining: list[ServiceProvider]
    requested_by: ReceivedLogoutRequest | None
    request_id: str = ""  #: the ID of our last request, whose answer we wait for
    is_partial: bool = False


class IdpLogins:
    """All logins, and all logouts under way, by the secret handles that browsers have."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logins: OrderedDict[str, IdpLogin] = OrderedDict()
        self._logouts: OrderedDict[str, LogoutInProgress] = OrderedDict()

    def begin(self, person: SamplePerson) -> tuple[str, IdpLogin]:
        """Log a person in; return the handle for the browser's cookie."""
        login = IdpLogin(person, datetime.now(UTC), "_" + secrets.token_hex(16))
        return self._put(self._logins, login), login

    def find(self, handle: str) -> IdpLogin | None:
        """Return the login of a browser."""
        login = self._logins.get(handle)
        return login if login and datetime.now(UTC) < login.since + LOGIN_LASTS else None

    def handle_of(self, index: str) -> str:
        """Return the handle of the login with this SessionIndex; empty if there is none."""
        with self._lock:
            return next((handle for handle, login in self._logins.items() if login.index == index), "")

    def forget(self, handle: str) -> IdpLogin | None:
        """End a login here, and return it."""
        with self._lock:
            return self._logins.pop(handle, None)

    def put_logout(self, logout: LogoutInProgress) -> str:
        """Remember a logout that waits for an answer; return its handle, which travels as RelayState."""
        return self._put(self._logouts, logout)

    def take_logout(self, handle: str) -> LogoutInProgress | None:
        """Return and forget the logout that an answer belongs to."""
        with self._lock:
            return self._logouts.pop(handle, None)

    def _put(self, table: OrderedDict[str, Value], value: Value) -> str:
        handle = secrets.token_urlsafe(24)
        with self._lock:
            table[handle] = value
            while len(table) > MOST:
                table.popitem(last=False)
        return handle
