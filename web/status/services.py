"""The services of the status endpoints, shared with the widget page."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request

from records import Database
from runner.status.service import StatusRequest, StatusService
from runner.status.status_body import Status
from web.auth.logins import Logins, NoLogin, Visitor, visitor_of
from web.config import WebConfig
from web.session_address import SessionAddress
from web.status.prefer_header import wait_wanted
from web.status.rate_limit import StatusRateLimits


@dataclass(frozen=True)
class StatusEndpointServices:
    """What the status endpoints and the widget page share: the status service, the logins and the limits on requests."""

    config: WebConfig
    status_service: StatusService
    database: Database
    logins: Logins
    rate_limits: StatusRateLimits

    @classmethod
    def here(cls) -> StatusEndpointServices:
        """Return the services of the running application."""
        services = current_app.extensions["status services"]
        assert isinstance(services, cls)
        return services

    def login_address(self, address: SessionAddress) -> str:
        """Return the absolute address of the login page that leads back to this session."""
        return self.config.absolute(address.login_path)

    def who(self, address: SessionAddress) -> Visitor | NoLogin:
        """Return the login of the request for this session."""
        return visitor_of(address.implementation, self.logins)

    def check_exists(self, address: SessionAddress) -> None:
        """Raise what becomes a 404 for an unknown session. For requests without a login."""
        self.status_service.check_exists(address.implementation, address.session)

    def wait_s(self) -> float:
        """Return for how many seconds the request may be held."""
        return wait_wanted(request.headers.get("Prefer"), self.config.longest_wait_s)

    def ask(self, address: SessionAddress, visitor: Visitor, wait_s: float) -> Status:
        """Return the status, after waiting for at most `wait_s`. Raises `LoginEnded`, and `HttpProblem` (429) if that is too often."""
        self.rate_limits.count_ask((visitor.implementation, visitor.subject))
        return self.status_service.ask(asker_of(address.implementation, address.session, visitor), wait_s)

    def returned(self, address: SessionAddress, visitor: Visitor, wait_s: float = 0.0) -> Status:
        """Note that the visitor came back; wait as `ask` does. Raises `LoginEnded`, and `HttpProblem` (429) if that is too often."""
        asker = asker_of(address.implementation, address.session, visitor)
        self.rate_limits.count_return(asker)
        return self.status_service.returned(asker, wait_s)


def asker_of(implementation: str, session: str, visitor: Visitor) -> StatusRequest:
    """Return the request of a visitor for the status of a session."""
    return StatusRequest(implementation, visitor.subject, session, visitor.login, visitor.since)
