"""Admission: the last step of every login method. A person is admitted, or refused for one recorded reason.

Each method (SAML, a signed assertion, introspection, the password relay, the first administrator's link) authenticates
a person by its own rules and returns an `AuthenticatedPerson`. The rest is the same for all of them:

1. The implementation exists.
2. The person's profile is stored, with an audit entry if their user type is another one; a subject that first came from
   another provider is refused.
3. The person is not locked out.
4. The login gets a new random id. The browser's earlier login is ended, so a planted login is useless. The login lasts no
   longer than the provider allows, and ends soon after the conference, on phones too.
5. The provider's session is stored, so that its logout ends this login.
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
from records.changes import people
from records.people import administrators, grants
from records.tenants import implementations
from runner.logins import LoginStore
from web.auth.login_steps import login_test
from web.auth.login_steps.leave_page import leave_page
from web.auth.logins import LASTS, Visitor
from web.auth.services import AuthServices
from web.redirects import local_path, see_other

log = logging.getLogger(__name__)

#: Seconds for which a logout at the provider can end an app's login: as long as its tokens can be valid.
APP_LASTS_S = 90 * 24 * 3600

#: How long people stay logged in after the last session of the agenda. A later login lasts as long as in a browser.
AFTERWARDS = timedelta(days=14)


class NotAdmitted(Exception):
    """The person is refused. `code` is a key of `web.auth.login_choice.refusal_codes.CODES`, for the log. It holds no personal data.

    `user` is the person's key for support, if an accepted message has named it.
    """

    def __init__(self, code: str, detail: str = "", user: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
        self.user = user


@dataclass(frozen=True)
class SamlSession:
    """How the identity provider will name this login when it ends it."""

    nameid: str = field(repr=False)
    index: str = ""
    nameid_format: str = ""


@dataclass(frozen=True)
class AuthenticatedPerson:
    """A person, as a login method has authenticated them."""

    implementation: str  #: slug
    source: str  #: "saml", "jwt", "introspection", "password", "first administrator"
    provider: str  #: entity id, or "jwt:<issuer>", "introspection:<host>", "password:<host>"
    subject: str = field(repr=False)
    profile: UserProfile = field(repr=False)
    expires_at: datetime | None = None  #: when the login must end, according to the provider
    proved_at: datetime | None = None  #: when the person last authenticated at the provider, if that was earlier
    saml: SamlSession | None = None


@dataclass(frozen=True)
class Journey:
    """Where a login leads. It is stored in our one-time states and never passes through the provider."""

    next: str = ""  #: a local path
    app: str = ""  #: the handle of an app's login
    fresh: bool = False  #: a step-up: the provider must authenticate the person again
    switch: bool = False  #: it may be another person: the provider is asked to authenticate again, but need not

    def address(self, path: str) -> str:
        """Return the address of a login method that continues this journey."""
        flags = {name: "1" for name in ("fresh", "switch") if getattr(self, name)}
        parameters = {"next": self.next, "m": self.app, **flags}
        query = urlencode({name: value for name, value in parameters.items() if value})
        return f"{path}?{query}" if query else path

    def stored(self) -> dict[str, Any]:
        """Return the journey as plain values, for a one-time state."""
        return asdict(self)


def journey_asked() -> Journey:
    """Return the journey in the address of the request. A path that leads to another site is ignored."""
    return Journey(
        next=local_path(request.args.get("next", "")) or "",
        app=request.args.get("m", "")[:64],
        fresh=request.args.get("fresh") == "1",
        switch=request.args.get("switch") == "1",
    )


def admit(person: AuthenticatedPerson, *, lasts_s: int = int(LASTS.total_seconds())) -> Visitor:
    """Admit a person and return the new login. Raises `NotAdmitted` and `StoreAway`.

    `lasts_s`: for how long a logout at the provider must be able to end the login.
    """
    services = AuthServices.here()
    with services.database.session() as db:
        found, user, visitor = _judged(db, person)  # 1. to 4.
        _note_staff(db, found, user, person)  # 6.
    if person.saml is not None:  # 5.
        _note_saml_session(services.store, person, person.saml, visitor, lasts_s)
    return visitor


def check_admission(person: AuthenticatedPerson) -> None:
    """Check as `admit` does, without a login or any other change. Raises `NotAdmitted`."""
    with AuthServices.here().database.session() as db:
        _judged(db, person)
        db.rollback()


def arrive(person: AuthenticatedPerson, journey: Journey) -> Response:
    """Admit a person and redirect the browser: to the app or the test that started the login, or to the next page."""
    services = AuthServices.here()
    if login_test.is_test(journey.app):
        check_admission(person)
        return see_other(login_test.finish(journey.app, person.implementation, person.subject, person.profile))
    if journey.app:
        address = services.finish_start(journey.app, admit(person, lasts_s=APP_LASTS_S))
        return leave_page(address) if request.method == "POST" else see_other(address)
    visitor = admit(person)
    before = services.logins.visitor(request)
    if before is not None and before.login:
        services.store.ended_logins.end(before.login)
    response = see_other(local_path(journey.next) or f"/login/{person.implementation}")
    services.logins.keep(response, visitor)
    return response


def _judged(db: DbSession, person: AuthenticatedPerson) -> tuple[Implementation, User, Visitor]:
    found = implementations.find(db, person.implementation)  # 1.
    if found is None:
        raise NotAdmitted("no-implementation")
    if person.source != administrators.SUBJECT and _is_the_first(person):
        raise NotAdmitted("subject-unusable", "reserved for the first administrator")
    user = _remembered(db, found, person)  # 2.
    if user.disabled_at is not None:  # 3.
        raise NotAdmitted("locked-out", user=person.subject)
    return found, user, _visitor(person, sessions.last_end(db, found))  # 4.


def _remembered(db: DbSession, implementation: Implementation, person: AuthenticatedPerson) -> User:
    try:
        return people.describe_at_login(
            db, implementation, person.subject, person.profile, provider=person.provider
        ).value
    except OtherProvider:
        raise NotAdmitted("other-provider", user=person.subject) from None
    except RuleViolation as refused:
        raise NotAdmitted("unkeepable", refused.field, person.subject) from None


def _is_the_first(person: AuthenticatedPerson) -> bool:
    """Say whether a person has the first administrator's subject. Otherwise the one-time link would stop working."""
    return person.implementation == implementations.STAFF and person.subject == administrators.SUBJECT


def _note_staff(db: DbSession, implementation: Implementation, user: User, person: AuthenticatedPerson) -> None:
    had = grants.roles_of(db, implementation, user, person.source)
    if had - roles.ORDINARY:
        detail = {"source": person.source, "provider": person.provider, "roles": sorted(had)}
        who = audit.person(implementation.slug, user.subject)
        audit.append(db, actor=who, action="login", implementation=implementation.slug, detail=detail)


def _visitor(person: AuthenticatedPerson, last_end: datetime | None) -> Visitor:
    """Return the new login. `last_end`: the end of the last session in the agenda."""
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
