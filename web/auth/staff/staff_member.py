"""Who is signed in to the console, and what they may do where.

Worked out anew for each request from the login, the grants and the user's last seen profile, so that what was taken
away is gone with the next click. The steps:

1. The login stands: signed by us, not ended, not too old. It is a browser's: an app's token, which lives on for months
   on a phone, opens no console, whoever it belongs to.
2. It came by a way in that is good enough for staff. A registration vendor or an app cannot make staff.
3. It was used in the last half hour, or is not older than that.
4. Its implementation and its user are there, the user is not locked out, and no other provider has taken the place of
   theirs: whoever replaces a provider that is not trusted any more wants its people out now. The login is not older than
   the implementation: then it would be of a removed one with the same slug.
5. The roles are those which the grants give now.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import cast

from flask import Flask, Request, g, request
from flask_login import LoginManager, UserMixin, current_user

from records import DbSession, User, audit, roles
from records.identity import saml_providers as saml
from records.people import grants, users
from records.tenants import implementations
from web.auth.logins import Visitor
from web.auth.services import AuthServices
from web.middleware.request_checks import carries_bearer
from web.permissions import Permission

#: The source of the first administrator's login.
FIRST = "first administrator"

#: Seconds of doing nothing after which staff sign in again.
IDLE_S = 30 * 60

#: Seconds after which the first administrator's login ends; nobody can ask that person again.
FIRST_LASTS_S = 8 * 3600

#: Seconds in which a login counts as fresh, and how long for the first administrator, whom no provider can ask again.
FRESH_S = 10 * 60
FIRST_FRESH_S = 60 * 60


@dataclass(frozen=True)
class StaffMember(UserMixin):  # type: ignore[misc]  # it ships no types
    """A person who is signed in, with the roles of this very moment. What Flask-Login calls the current user."""

    visitor: Visitor
    user: User
    roles: frozenset[str]

    def may(self, permission: Permission, implementation: str) -> bool:
        """Say whether this person may do something in an implementation, named by its slug."""
        return any(permission in roles.BY_NAME[role].may for role in self.roles if self._holds(role, implementation))

    def _holds(self, role: str, implementation: str) -> bool:
        """Roles of the house hold everywhere, but are had in the staff implementation only; all others hold at home."""
        at_home = self.visitor.implementation
        return at_home == implementations.STAFF if role in roles.STAFF_ROLES else at_home == implementation

    def get_id(self) -> str:
        """Return by what Flask-Login tells logins apart."""
        return self.visitor.login

    @property
    def of_the_house(self) -> bool:
        """Whether this is one of ATIV's own people."""
        return self.visitor.implementation == implementations.STAFF and bool(self.roles & set(roles.STAFF_ROLES))

    @property
    def is_first(self) -> bool:
        """Whether this is the first administrator, who came by a link."""
        return self.visitor.source == FIRST

    @property
    def fresh(self) -> bool:
        """Whether this person proved minutes ago who they are."""
        lasts = FIRST_FRESH_S if self.is_first else FRESH_S
        return time.time() - self.visitor.proved <= lasts  # not `since`: a provider may let somebody in without asking

    @property
    def actor(self) -> str:
        """What audit entries call this person."""
        return audit.person(self.visitor.implementation, self.user.subject)

    @property
    def name(self) -> str:
        """What this person is called on pages."""
        full = f"{self.user.first_name} {self.user.last_name}".strip()
        return full or self.user.username or self.user.subject


def install(app: Flask) -> None:
    """Let Flask-Login ask us, once for a request, who is signed in. It keeps no session and no cookie of its own."""
    manager = LoginManager()
    manager.session_protection = None
    # It would rather believe a "remember me" cookie than our login. There is none, under any name; and its `init_app`
    # would look after that cookie in every answer, so it is attached without.
    app.config["REMEMBER_COOKIE_NAME"] = ""
    app.login_manager = manager  # type: ignore[attr-defined]  # Flask-Login's own way to be found
    manager.request_loader(_load)


def member() -> StaffMember | None:
    """Return who is signed in with this request; None for nobody."""
    return cast("StaffMember", current_user) if current_user.is_authenticated else None


def _load(_: Request) -> StaffMember | None:
    if g.get("member_unknown"):  # it could not be looked up: the page that says so has nobody, and does not ask again
        return None
    g.member_unknown = True
    found = _found(AuthServices.here())
    g.member_unknown = False
    return found


def _found(entrance: AuthServices) -> StaffMember | None:
    if carries_bearer(request):  # 1.
        return None
    visitor = entrance.logins.visitor(request)
    if visitor is None or not visitor.login or not entrance.logins.standing(visitor):  # 1.
        return None
    if visitor.source not in roles.STAFF_SOURCES:  # 2.
        return None
    age = time.time() - visitor.since
    if visitor.source == FIRST and age > FIRST_LASTS_S:
        return None
    if not _in_use(entrance, visitor.login, age):  # 3.
        return None
    with entrance.database.reading() as db:
        return _with_roles(db, visitor)


def _in_use(entrance: AuthServices, login: str, age_s: float) -> bool:
    """Say whether a login is in use. Its clock starts with its first page, which comes soon after the login or never."""
    idle = entrance.store.idle
    if idle.touch(login, IDLE_S):
        return True
    if age_s > IDLE_S:
        return False
    idle.begin(login)
    return True


def _with_roles(db: DbSession, visitor: Visitor) -> StaffMember | None:
    home = implementations.find(db, visitor.implementation)
    user = home and users.find(db, home, visitor.subject)
    if not home or not user or user.disabled_at is not None:  # 4.
        return None
    if visitor.since < implementations.made_at(home):
        return None
    if visitor.source != FIRST and saml.is_replaced(db, home, user):
        return None
    return StaffMember(visitor, user, grants.roles_of(db, home, user, visitor.source))  # 5.
