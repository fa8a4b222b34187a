"""Who is signed in to the console, and what they may do where.

Determined for each request from the login, the grants and the user's last profile, so that a revoked role has no effect
from the next request on. The steps:

1. The login is valid: signed by us, not ended, not too old. It is a browser's: an app's token, which stays valid for
   months on a phone, never gives access to the console.
2. Its login method is accepted for staff. A registration vendor or an app cannot authenticate staff.
3. It was used in the last half hour, or is not older than that.
4. Its implementation and its user exist, the user is not locked out, and their provider was not replaced: replacing a
   provider that is no longer trusted must exclude its people at once. The login is not older than the implementation;
   otherwise it belongs to a removed one with the same slug.
5. The roles are those that the grants give now.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import cast

from flask import Flask, Request, g, request
from flask_login import LoginManager, UserMixin, current_user

from records import DbSession, User, audit, roles
from records.identity import saml_providers as saml
from records.notices import notice_list
from records.notices.notice_kinds import NEEDED
from records.notices.notice_list import Reader
from records.people import grants, users
from records.tenants import implementations
from web.auth.logins import Visitor
from web.auth.services import AuthServices
from web.middleware.request_checks import carries_bearer
from web.permissions import Permission

#: The source of the first administrator's login.
FIRST = "first administrator"

#: Seconds without a request after which staff must sign in again.
IDLE_S = 30 * 60

#: Seconds after which the first administrator's login ends; it cannot be refreshed by a provider.
FIRST_LASTS_S = 8 * 3600

#: Seconds for which a login counts as fresh; longer for the first administrator, who has no provider for a step-up.
FRESH_S = 10 * 60
FIRST_FRESH_S = 60 * 60


@dataclass(frozen=True)
class StaffMember(UserMixin):  # type: ignore[misc]  # it ships no types
    """A person who is signed in, with their current roles. This is the current user of Flask-Login."""

    visitor: Visitor
    user: User
    roles: frozenset[str]
    unread: int = 0  #: unread notices, up to one more than `notice_list.MOST_COUNTED`

    def may(self, permission: Permission, implementation: str) -> bool:
        """Say whether this person has a permission in an implementation (slug)."""
        return any(permission in roles.BY_NAME[role].may for role in self.roles if self._holds(role, implementation))

    def _holds(self, role: str, implementation: str) -> bool:
        """Reviewers and administrators belong to the staff implementation and have their role everywhere; all others in their own one."""
        at_home = self.visitor.implementation
        return at_home == implementations.STAFF if role in roles.STAFF_ROLES else at_home == implementation

    def get_id(self) -> str:
        """Return what Flask-Login identifies a login by."""
        return self.visitor.login

    @property
    def of_the_house(self) -> bool:
        """Whether this is a reviewer or administrator of ATIV."""
        return self.visitor.implementation == implementations.STAFF and bool(self.roles & set(roles.STAFF_ROLES))

    @property
    def is_first(self) -> bool:
        """Whether this is the first administrator, who logged in by a link."""
        return self.visitor.source == FIRST

    @property
    def fresh(self) -> bool:
        """Whether this person authenticated a few minutes ago."""
        lasts = FIRST_FRESH_S if self.is_first else FRESH_S
        # Not `since`: a provider may admit a person without asking again.
        return time.time() - self.visitor.proved <= lasts

    @property
    def reader(self) -> Reader:
        """Whose notices this person may see, and which of them."""
        at_home = self.visitor.implementation
        held = frozenset(each for each in NEEDED.values() if self.may(each, at_home))
        return Reader(self.user.id, held, None if self.of_the_house else self.user.implementation_id)

    @property
    def actor(self) -> str:
        """The key of this person in audit entries."""
        return audit.person(self.visitor.implementation, self.user.subject)

    @property
    def name(self) -> str:
        """The name of this person on pages."""
        full = f"{self.user.first_name} {self.user.last_name}".strip()
        return full or self.user.username or self.user.subject


def install(app: Flask) -> None:
    """Set up Flask-Login, which calls us once for each request. It has no session and no cookie of its own."""
    manager = LoginManager()
    manager.session_protection = None
    # A "remember me" cookie would take precedence over our login, so it gets no name; and `init_app`, which would handle
    # that cookie in every response, is not called.
    app.config["REMEMBER_COOKIE_NAME"] = ""
    app.login_manager = manager  # type: ignore[attr-defined]  # where Flask-Login expects it
    manager.request_loader(_load)


def member() -> StaffMember | None:
    """Return the person who is signed in with this request, or None."""
    return cast("StaffMember", current_user) if current_user.is_authenticated else None


def _load(_: Request) -> StaffMember | None:
    if g.get("member_unknown"):  # the lookup failed: the error page has no person, and must not try again
        return None
    g.member_unknown = True
    found = _found(AuthServices.here())
    g.member_unknown = False
    return found


def _found(services: AuthServices) -> StaffMember | None:
    if carries_bearer(request):  # 1.
        return None
    visitor = services.logins.visitor(request)
    if visitor is None or not visitor.login or not services.logins.is_active(visitor):  # 1.
        return None
    if visitor.source not in roles.STAFF_SOURCES:  # 2.
        return None
    age = time.time() - visitor.since
    if visitor.source == FIRST and age > FIRST_LASTS_S:
        return None
    if not _in_use(services, visitor.login, age):  # 3.
        return None
    with services.database.reading() as db:
        return _with_roles(db, visitor)


def _in_use(services: AuthServices, login: str, age_s: float) -> bool:
    """Say whether a login is in use. Its idle time starts with the first page, which follows the login soon or never."""
    idle = services.store.idle_timeouts
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
    found = StaffMember(visitor, user, grants.roles_of(db, home, user, visitor.source))  # 5.
    return replace(found, unread=notice_list.unread(db, found.reader))  # here, because it is read with the person
