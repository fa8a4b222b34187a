"""Admission: every way in ends here, with one kind of result. A person is let in, or is not, for one written reason.

Each way in (SAML, a signed assertion, introspection, a password relay, the first administrator's link) proves by its
own rules who somebody is and then says it as a `AuthenticatedPerson`. What follows is the same for all of them:

1. The implementation exists.
2. The person is remembered as described; a subject that came from another provider is refused.
3. A person who was locked out stays out.
4. The login gets a new random id. What the browser held before is ended, so a planted login is worth nothing. It lasts
   no longer than the provider wants, and no phone stays logged in for long when the conference is over.
5. The provider's own session is noted, so that its logout ends this login.
6. A login of staff leaves an audit entry.
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from records import DbSession, Implementation, OtherProvider, RuleViolation, User, UserProfile, audit, roles
from records.agenda import sessions
from records.people import administrators, grants, users
from records.tenants import implementations
from runner.logins import LoginStore
from web.auth.login_steps import login_test
from web.auth.login_steps.leave_page import away
from web.auth.logins import LASTS, Visitor
from web.auth.services import AuthServices
from web.redirects import local_path, see_other

log = logging.getLogger(__name__)

#: Seconds for which the logout of a provider finds a login of the app: as long as its tokens can live.
APP_LASTS_S = 90 * 24 * 3600

#: For how long after the last session of the agenda people stay logged in. Who comes later has as long as a browser.
AFTERWARDS = timedelta(days=14)


class NotAdmitted(Exception):
    """The person is not let in. `code` is a key of `web.auth.login_choice.refusal_codes.CODES`, for the log; nothing is personal.

    `user` is the person's key, once a message that is believed has named it: with it, support finds the person.
    """

    def __init__(self, code: str, detail: str = "", user: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.user = user


@dataclass(frozen=True)
class SamlSession:
    """By what an identity provider will name this login when it ends it."""

    nameid: str = field(repr=False)
    index: str = ""
    nameid_format: str = ""


@dataclass(frozen=True)
class AuthenticatedPerson:
    """Who somebody is, as a way in has proved it."""

    implementation: str  #: slug
    source: str  #: "saml", "jwt", "introspection", "password", "first administrator"
    provider: str  #: entity id, or "jwt:<issuer>", "introspection:<host>", "password:<host>"
    subject: str = field(repr=False)
    profile: UserProfile = field(repr=False)
    expires_at: datetime | None = None  #: the provider wants the login to end then
    proved_at: datetime | None = None  #: when the provider last asked them for proof, if that was before now
    saml: SamlSession | None = None


@dataclass(frozen=True)
class Journey:
    """Where a login leads. It travels inside one-time states of ours, never through the provider."""

    next: str = ""  #: a local path
    app: str = ""  #: the handle of an app's start
    fresh: bool = False  #: a step-up: the provider must ask the person again
    switch: bool = False  #: it may be another person: the provider is to ask, and it does not matter if it does not

    def address(self, path: str) -> str:
        """Return the address of a way in which goes on with this journey."""
        flags = {name: "1" for name in ("fresh", "switch") if getattr(self, name)}
        asked = {"next": self.next, "m": self.app, **flags}
        query = urlencode({name: value for name, value in asked.items() if value})
        return f"{path}?{query}" if query else path

    def stored(self) -> dict[str, Any]:
        """Return it as plain values, for a one-time state."""
        return asdict(self)


def journey_asked() -> Journey:
    """Return the journey which the address names; what leads away from us is left out."""
    return Journey(
        next=local_path(request.args.get("next", "")) or "",
        app=request.args.get("m", "")[:64],
        fresh=request.args.get("fresh") == "1",
        switch=request.args.get("switch") == "1",
    )


def admit(person: AuthenticatedPerson, *, lasts_s: int = int(LASTS.total_seconds())) -> Visitor:
    """Let a person in and return their login. Raises `NotAdmitted`, and `StoreAway` when the store is.

    `lasts_s`: for how long the provider's logout must be able to find the login.
    """
    entrance = AuthServices.here()
    with entrance.database.session() as db:
        found, user, visitor = _judged(db, person)  # 1. to 4.
        _note_staff(db, found, user, person)  # 6.
    if person.saml is not None:  # 5.
        _note_saml_session(entrance.store, person, person.saml, visitor, lasts_s)
    return visitor


def check_admission(person: AuthenticatedPerson) -> None:
    """Judge as `admit` does, and let nobody in: nothing of it stays. Raises `NotAdmitted`."""
    with AuthServices.here().database.session() as db:
        _judged(db, person)
        db.rollback()


def arrive(person: AuthenticatedPerson, journey: Journey) -> Response:
    """Let a person in and send the browser on: back to the app or the test which began the login, or to its next page."""
    entrance = AuthServices.here()
    if login_test.is_test(journey.app):
        check_admission(person)
        return see_other(login_test.finish(journey.app, person.implementation, person.subject, person.profile))
    if journey.app:
        address = entrance.finish_start(journey.app, admit(person, lasts_s=APP_LASTS_S))
        return away(address) if request.method == "POST" else see_other(address)
    visitor = admit(person)
    before = entrance.logins.visitor(request)
    if before is not None and before.login:
        entrance.store.ended.end(before.login)
    response = see_other(local_path(journey.next) or f"/login/{person.implementation}")
    entrance.logins.keep(response, visitor)
    return response


def _judged(db: DbSession, person: AuthenticatedPerson) -> tuple[Implementation, User, Visitor]:
    found = implementations.find(db, person.implementation)  # 1.
    if found is None:
        raise NotAdmitted("no-implementation")
    if person.source != administrators.SUBJECT and _is_the_first(person):
        raise NotAdmitted("subject-unusable", "it is the first administrator's")
    user = _remembered(db, found, person)  # 2.
    if user.disabled_at is not None:  # 3.
        raise NotAdmitted("locked-out", user=person.subject)
    return found, user, _visitor(person, sessions.last_end(db, found))  # 4.


def _remembered(db: DbSession, implementation: Implementation, person: AuthenticatedPerson) -> User:
    try:
        return users.remember(db, implementation, person.subject, person.profile, provider=person.provider)
    except OtherProvider:
        raise NotAdmitted("other-provider", user=person.subject) from None
    except RuleViolation as refused:
        raise NotAdmitted("unkeepable", refused.field, person.subject) from None


def _is_the_first(person: AuthenticatedPerson) -> bool:
    """Say whether somebody has the first administrator's name. Had they got in with it, the link would open no more."""
    return person.implementation == implementations.STAFF and person.subject == administrators.SUBJECT


def _note_staff(db: DbSession, implementation: Implementation, user: User, person: AuthenticatedPerson) -> None:
    had = grants.roles_of(db, implementation, user, person.source)
    if had - roles.ORDINARY:
        detail = {"source": person.source, "provider": person.provider, "roles": sorted(had)}
        who = audit.person(implementation.slug, user.subject)
        audit.append(db, actor=who, action="login", implementation=implementation.slug, detail=detail)


def _visitor(person: AuthenticatedPerson, last_end: datetime | None) -> Visitor:
    """Return the new login. `last_end`: when the last session of the agenda ends."""
    now = int(time.time())
    proved = min(now, int(person.proved_at.timestamp())) if person.proved_at else now
    if person.expires_at is not None and person.expires_at.timestamp() <= now:
        raise NotAdmitted("session-over", user=person.subject)
    ends = [int(person.expires_at.timestamp())] if person.expires_at else []
    if last_end is not None:
        ends.append(max(int((last_end + AFTERWARDS).timestamp()), now + int(LASTS.total_seconds())))
    login = secrets.token_urlsafe(24)
    return Visitor(person.implementation, person.subject, login, now, person.source, proved, min(ends, default=0))


def _note_saml_session(
    store: LoginStore, person: AuthenticatedPerson, named: SamlSession, visitor: Visitor, lasts_s: int
) -> None:
    ours = (person.implementation, person.provider)
    store.saml_sessions.remember(*ours, named.nameid, named.index, visitor.login, visitor.subject, lasts_s)
    store.saml_sessions.name(visitor.login, {**asdict(named), "provider": person.provider}, lasts_s)
