"""The services that login methods, logout and the console share, as one frozen value.

`create_app` makes it once, and views get it by `AuthServices.here()`, so that no globals are needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from flask import current_app

from records import Database, SecretBox
from runner.checks.script_checks import ScriptChecks
from runner.checks.script_runs import ScriptRuns
from runner.logins import LoginStore
from runner.powers.outbound_requests import OutboundRequests
from runner.queues.background_jobs import BackgroundQueue
from web.auth.logins import Logins, Visitor
from web.auth.saml_work_limit import WorkLimit
from web.config import WebConfig


def _no_apps(handle: str, visitor: Visitor) -> str:  # noqa: ARG001 - the signature of `finish_start`
    raise LookupError("this application has no logins for apps")


@dataclass(frozen=True)
class AuthServices:
    """The services behind a login. The caller of `create_app` owns and closes them."""

    config: WebConfig
    database: Database
    box: SecretBox
    logins: Logins
    store: LoginStore
    outbound: OutboundRequests
    #: takes what the console starts and what takes longer than a request may
    jobs: BackgroundQueue
    #: has the texts checked that authors write
    script_checks: ScriptChecks
    script_runs: ScriptRuns
    #: announces to all processes that an implementation (slug) has changed, and returns whether the store answered; call it after
    #: the commit
    changed: Callable[[str], bool]
    #: ends an app's login: takes its handle and the new login, and returns the address to continue at
    finish_start: Callable[[str, Visitor], str] = _no_apps
    #: limits the time that SAML messages may take in this process
    saml_work: WorkLimit = field(default_factory=WorkLimit)

    @classmethod
    def here(cls) -> AuthServices:
        """Return the services of the running application."""
        services = current_app.extensions["auth services"]
        assert isinstance(services, cls)
        return services
