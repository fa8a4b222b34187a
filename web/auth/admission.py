"""Admission: every way in ends here, with one kind of result. A person is let in, or is not, for one written reason.

Each way in (SAML, a signed assertion, introspection, a password relay, the first administrator's link) proves by its
own rules who somebody is and then says it as a `Person`. What follows is the same for all of them:

1. The implementation exists.
2. The person is remembered as described; a subject that came from another provider is refused.
3. A person who was locked out stays out.
4. The login gets a new random id. What the browser held before is ended, so a planted login is worth nothing.
5. The provider's own session is noted, so that its logout ends this login.
6. A login of staff leaves an audit entry.
"""

from __future__ import annotations

import logging
import secrets
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask import Response, request

from records import (
    DbSession,
    Implementation,
    OtherProvider,
    Profile,
    Refused,
    User,
    audit,
    grants,
    implementations,
    users,
)
from web.auth.entrance import Entrance
from web.auth.logins import LASTS, Visitor
from web.onward import local_path, see_other

log = logging.getLogger(__name__)

#: The roles which everybody may have. A login with any other is a login of staff, and leaves an audit entry.
ORDINARY_ROLES = frozenset({"attendee", "scanner"})


class NotAdmitted(Exception):
    """The person is not let in. `code` is for the log and for pages of their own; it holds nothing personal."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class SamlSession:
    """By what an identity provider will name this login when it ends it."""

    nameid: str = field(repr=False)
    index: str = ""


@dataclass(frozen=True)
class Person:
    """Who somebody is, as a way in has proved it."""

    implementation: str  #: slug
    source: str  #: "saml", "jwt", "introspection", "password", "first administrator"
    provider: str  #: entity id, or "jwt:<issuer>", "introspection:<host>", "password:<host>"
    subject: str = field(repr=False)
    profile: Profile = field(repr=False)
    expires_at: datetime | None = None  #: the provider wants the login to end then
    saml: SamlSession | None = None


@dataclass(frozen=True)
class Journey:
    """Where a login leads. It travels inside one-time states of ours, never through the provider."""

    next: str = ""  #: a local path
    app: str = ""  #: the handle of an app's start
    fresh: bool = False  #: a step-up: the provider must ask the person again

    def stored(self) -> dict[str, Any]:
        """Return it as plain values, for a one-time state."""
        return asdict(self)


def admit(person: Person) -> Visitor:
    """Let a person in and return their login. Raises `NotAdmitted`, and `StoreAway` when the store is."""
    entrance = Entrance.here()
    login = secrets.token_urlsafe(24)  # 4.
    with entrance.database.session() as db:
        found = implementations.find(db, person.implementation)  # 1.
        if found is None:
            raise NotAdmitted("no such implementation")
        user = _remembered(db, found, person)  # 2.
        if user.disabled_at is not None:  # 3.
            raise NotAdmitted("locked out")
        _note_staff(db, found, user, person)  # 6.
    visitor = Visitor(person.implementation, person.subject, login, int(time.time()), person.source)
    _note_saml_session(entrance, person, visitor)  # 5.
    return visitor


def arrive(person: Person, journey: Journey) -> Response:
    """Let a person in and send the browser on: back to the app which began the login, or to the journey's next page."""
    entrance = Entrance.here()
    visitor = admit(person)
    if journey.app:
        return see_other(entrance.finish_start(journey.app, visitor))
    before = entrance.logins.visitor(request)
    if before is not None and before.login:
        entrance.store.ended.end(before.login)
    response = see_other(local_path(journey.next) or f"/login/{person.implementation}")
    entrance.logins.keep(response, visitor)
    return response


def _remembered(db: DbSession, implementation: Implementation, person: Person) -> User:
    try:
        return users.seen(db, implementation, person.subject, person.profile, provider=person.provider)
    except OtherProvider:
        raise NotAdmitted("the subject belongs to another provider") from None
    except Refused as refused:
        raise NotAdmitted(f"the field {refused.field} cannot be kept") from None


def _note_staff(db: DbSession, implementation: Implementation, user: User, person: Person) -> None:
    roles = grants.roles_of(db, implementation, user, person.source)
    if roles - ORDINARY_ROLES:
        detail = {"source": person.source, "provider": person.provider, "roles": sorted(roles)}
        audit.append(db, actor=user.subject, action="login", implementation=implementation.slug, detail=detail)


def _note_saml_session(entrance: Entrance, person: Person, visitor: Visitor) -> None:
    if person.saml is None:
        return
    entrance.store.saml_sessions.remember(
        person.implementation,
        person.provider,
        person.saml.nameid,
        person.saml.index,
        visitor.login,
        visitor.subject,
        _lasts_s(person),
    )


def _lasts_s(person: Person) -> int:
    """Return for how many seconds this login can last."""
    most = LASTS.total_seconds()
    if person.expires_at is None:
        return int(most)
    return max(1, int(min(most, (person.expires_at - datetime.now(UTC)).total_seconds())))
