"""Who is logged in at the identity provider itself, in this process's memory: a restart logs everybody out.

A visit is one browser's login here. It remembers which service providers were told of it, so that a logout reaches all
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

#: More than any developer has; the oldest go first.
MOST = 1000

Kept = TypeVar("Kept")


@dataclass
class IdpLogin:
    """One browser's login; `told` maps the names of service providers to them."""

    person: SamplePerson
    since: datetime
    index: str
    told: dict[str, ServiceProvider] = field(default_factory=dict)

    @property
    def facts(self) -> LoginFacts:
        """What an assertion tells of this visit."""
        return LoginFacts(self.person, self.since, self.index)


@dataclass
class LogoutInProgress:
    """A logout under way: whom to tell still, what we asked last, and who wanted it (None: the person, on our page)."""

    person: SamplePerson
    index: str
    remaining: list[ServiceProvider]
    wanted_by: ReceivedLogoutRequest | None
    asked: str = ""  #: the ID of the request whose answer we wait for
    is_partial: bool = False


class IdpLogins:
    """All visits and all logouts under way, by the secret handles that browsers hold."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._visits: OrderedDict[str, IdpLogin] = OrderedDict()
        self._leavings: OrderedDict[str, LogoutInProgress] = OrderedDict()

    def begin(self, person: SamplePerson) -> tuple[str, IdpLogin]:
        """Log somebody in; return the handle for the browser's cookie."""
        visit = IdpLogin(person, datetime.now(UTC), "_" + secrets.token_hex(16))
        return self._keep(self._visits, visit), visit

    def find(self, handle: str) -> IdpLogin | None:
        """Return the visit of a browser."""
        visit = self._visits.get(handle)
        return visit if visit and datetime.now(UTC) < visit.since + LOGIN_LASTS else None

    def named(self, index: str) -> str:
        """Return the handle of the visit which assertions call by this index; empty if there is none."""
        with self._lock:
            return next((handle for handle, visit in self._visits.items() if visit.index == index), "")

    def forget(self, handle: str) -> IdpLogin | None:
        """End a visit here, and return it."""
        with self._lock:
            return self._visits.pop(handle, None)

    def leave(self, leaving: LogoutInProgress) -> str:
        """Remember a logout that waits for an answer; return its handle, which travels as RelayState."""
        return self._keep(self._leavings, leaving)

    def left(self, handle: str) -> LogoutInProgress | None:
        """Take back the logout that an answer belongs to. It can be taken once."""
        with self._lock:
            return self._leavings.pop(handle, None)

    def _keep(self, place: OrderedDict[str, Kept], value: Kept) -> str:
        handle = secrets.token_urlsafe(24)
        with self._lock:
            place[handle] = value
            while len(place) > MOST:
                place.popitem(last=False)
        return handle
