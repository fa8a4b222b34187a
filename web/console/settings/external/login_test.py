"""Trying External Authentication: the very question that a login asks, with an answer for the person who set it up.

Nobody is logged in, nothing is stored, and what was typed goes into no log and no page. Attempts are few: whoever may
set this up should not be able to find out badges and names by trying.
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
    """What came of it: who it would be, or why nobody. `code` is what the log would say, `meaning` what it means."""

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
    """Check an assertion as a login does, but for its nonce and its first use: it is not used up."""

    def ask(opened: OpenedExternalAuth) -> dict[str, Any]:
        asserted = assertions.verify(token.strip(), trust_of(opened))
        return {"subject": asserted.subject, **vars(profiles.from_claims(asserted.claims))}

    return _tried(implementation, "jwt", ask, by)


def try_token(implementation: str, token: str, by: str) -> LoginTestResult:
    """Ask the organizer's server."""

    def ask(opened: OpenedExternalAuth) -> dict[str, Any]:
        fields = opened.fields
        asked = introspection.IntrospectionEndpoint(
            implementation, fields["url"], fields["client_id"], opened.secret, fields["audience"]
        )
        told = introspection.ask(asked, token.strip(), AuthServices.here().outbound)
        return {"subject": told.subject, **vars(profiles.from_claims(told.claims))}

    return _tried(implementation, "introspection", ask, by)


def _tried(
    implementation: str, kind: str, ask: Callable[[OpenedExternalAuth], dict[str, Any]], by: str
) -> LoginTestResult:
    entrance = AuthServices.here()
    allowed = entrance.store.attempts.hit("external login tried", implementation, limit=MOST, window_s=WINDOW_S)
    if not allowed.ok:
        return LoginTestResult(
            ok=False, text="That were too many attempts. Please wait some minutes.", code="too often"
        )
    with entrance.database.session() as db:
        audit.append(db, actor=by, action="external.tried", target=kind, implementation=implementation)
    try:
        person = ask(settings_of(implementation, kind))
    except ExternalLoginRefused as refused:
        return LoginTestResult(ok=False, text=refused.text, code=refused.code, meaning=meaning_of(refused.code))
    return LoginTestResult(ok=True, text="This person would be logged in.", person=person)
