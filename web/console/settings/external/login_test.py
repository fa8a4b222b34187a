"""Tries External Authentication: asks exactly what a login asks, and tells the person who set it up what came back.

No one is logged in, nothing is stored, and what was typed appears in no log and on no page. The number of attempts is
limited, so that the people who set this up cannot find out badge IDs and names by guessing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from records import OpenedExternalAuth, audit
from web.auth.external import assertions, introspection, password_relay, profiles
from web.auth.external.codes import meaning_of
from web.auth.external.login_methods import relay_of, settings_of, trust_of
from web.auth.external.refusals import ExternalLoginRefused
from web.auth.services import AuthServices

#: Attempts of one implementation in so many seconds.
MOST, WINDOW_S = 20, 600


@dataclass(frozen=True)
class LoginTestResult:
    """Who would be logged in, or why no one. `code` is the refusal code that a login would log, `meaning` its meaning."""

    ok: bool
    text: str
    code: str = ""
    meaning: str = ""
    person: dict[str, Any] = field(default_factory=dict, repr=False)


def try_password(implementation: str, username: str, password: str, by: str) -> LoginTestResult:
    """Ask the registration vendor."""

    def ask(opened: OpenedExternalAuth) -> dict[str, Any]:
        found = password_relay.ask(relay_of(opened), username.strip(), password.strip(), AuthServices.here().outbound)
        return {"subject": found.subject, **vars(profiles.from_registrant(found.known))}

    return _tried(implementation, "password", ask, by)


def try_assertion(implementation: str, token: str, by: str) -> LoginTestResult:
    """Check an assertion as a login does, except for its nonce and earlier use. It is not used up."""

    def ask(opened: OpenedExternalAuth) -> dict[str, Any]:
        asserted = assertions.verify(token.strip(), trust_of(opened))
        return {"subject": asserted.subject, **vars(profiles.from_claims(asserted.claims))}

    return _tried(implementation, "jwt", ask, by)


def try_token(implementation: str, token: str, by: str) -> LoginTestResult:
    """Ask the organizer's server."""

    def ask(opened: OpenedExternalAuth) -> dict[str, Any]:
        fields = opened.fields
        endpoint = introspection.IntrospectionEndpoint(
            implementation, fields["url"], fields["client_id"], opened.secret, fields["audience"]
        )
        owner = introspection.ask(endpoint, token.strip(), AuthServices.here().outbound)
        return {"subject": owner.subject, **vars(profiles.from_claims(owner.claims))}

    return _tried(implementation, "introspection", ask, by)


def _tried(
    implementation: str, kind: str, ask: Callable[[OpenedExternalAuth], dict[str, Any]], by: str
) -> LoginTestResult:
    services = AuthServices.here()
    allowed = services.store.attempts.hit("external login tried", implementation, limit=MOST, window_s=WINDOW_S)
    if not allowed.ok:
        return LoginTestResult(
            ok=False, text="Too many attempts. Wait a few minutes, then try again.", code="too often"
        )
    with services.database.session() as db:
        audit.append(db, actor=by, action="external.tried", target=kind, implementation=implementation)
    try:
        person = ask(settings_of(implementation, kind))
    except ExternalLoginRefused as refused:
        return LoginTestResult(ok=False, text=refused.text, code=refused.code, meaning=meaning_of(refused.code))
    return LoginTestResult(ok=True, text="This person would be logged in.", person=person)
