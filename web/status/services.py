"""From a request to the desk's answer: who asks, about which place. Shared by the endpoints and the widget page."""

from __future__ import annotations

import math
from dataclasses import dataclass
from http import HTTPStatus

from flask import current_app, request

from records import Database
from runner.status.service import StatusRequest, StatusService
from runner.status.status_body import Status
from web.auth.logins import Logins, NoLogin, Visitor, visitor_of
from web.config import WebConfig
from web.problem_details import HttpProblem
from web.session_address import SessionAddress
from web.status.prefer_header import wait_wanted
from web.status.rate_limit import ReturnRateLimit


@dataclass(frozen=True)
class StatusEndpointServices:
    """What the endpoints and the widget page share: the desk behind, and who may ask it."""

    config: WebConfig
    desk: StatusService
    database: Database
    logins: Logins
    pace: ReturnRateLimit

    @classmethod
    def here(cls) -> StatusEndpointServices:
        """Return the counter of the running application."""
        counter = current_app.extensions["counter"]
        assert isinstance(counter, cls)
        return counter

    def login_address(self, place: SessionAddress) -> str:
        """Return the absolute address of the login page which leads back to this place."""
        return self.config.absolute(place.login_path)

    def who(self, place: SessionAddress) -> Visitor | NoLogin:
        """Return who asks about this place."""
        return visitor_of(place.implementation, self.logins)

    def check_exists(self, place: SessionAddress) -> None:
        """Raise what becomes a 404 for a place that nobody knows. For askers without a login."""
        self.desk.check_exists(place.implementation, place.session)

    def wait_s(self) -> float:
        """Return for how many seconds the request prefers to be held, and may be."""
        return wait_wanted(request.headers.get("Prefer"), self.config.longest_wait_s)

    def ask(self, place: SessionAddress, visitor: Visitor, wait_s: float) -> Status:
        """Ask for the status, for at most so many seconds. Raises `LoginEnded`."""
        return self.desk.ask(_asker(place, visitor), wait_s)

    def returned(self, place: SessionAddress, visitor: Visitor) -> Status:
        """Note that the visitor came back. Raises `LoginEnded`, and `HttpProblem` (429) if that happens too often."""
        asker = _asker(place, visitor)
        wait = self.pace.wait_for(asker)
        if wait:
            raise HttpProblem(
                HTTPStatus.TOO_MANY_REQUESTS,
                "This was checked several times just now. Please wait a few seconds.",
                headers={"Retry-After": str(math.ceil(wait))},
            )
        return self.desk.returned(asker)


def _asker(place: SessionAddress, visitor: Visitor) -> StatusRequest:
    return StatusRequest(place.implementation, visitor.subject, place.session, visitor.login, visitor.since)
