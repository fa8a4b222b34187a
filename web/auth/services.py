"""The entrance: what every way in, every way out and every page about logins shares, as one frozen value.

Built once by `create_app` and found by `AuthServices.here()`, so that a view needs no globals and a test can read it whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flask import current_app

from records import Database, SecretBox
from runner.logins import LoginStore
from runner.powers.outbound_requests import OutboundRequests
from runner.queues.background_jobs import BackgroundQueue
from web.auth.logins import Logins, Visitor
from web.auth.saml_work_limit import WorkLimit
from web.config import WebConfig


def _no_apps(handle: str, visitor: Visitor) -> str:  # noqa: ARG001 - the signature of what it stands for
    raise LookupError("this application hands no logins over to apps")


@dataclass(frozen=True)
class AuthServices:
    """The parts behind a login. The application's maker owns them and closes them."""

    config: WebConfig
    database: Database
    box: SecretBox
    logins: Logins
    store: LoginStore
    outreach: OutboundRequests
    #: where the console orders what takes longer than a request may
    jobs: BackgroundQueue
    #: tells all processes, after the commit, that an implementation (a slug) has changed; returns whether the store answered
    changed: Callable[[str], bool]
    #: ends a login which an app began: the handle of its start and who logged in, to the address to go to
    finish_start: Callable[[str, Visitor], str] = _no_apps
    #: how much of this process the messages of providers may take together
    saml_work: WorkLimit = field(default_factory=WorkLimit)

    @classmethod
    def here(cls) -> AuthServices:
        """Return the entrance of the running application."""
        entrance = current_app.extensions["entrance"]
        assert isinstance(entrance, cls)
        return entrance
