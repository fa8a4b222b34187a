"""What a view needs: the named permission of who asks, and what kind of request it takes; and which role has what.

Each view says it in one line above itself, so that a reader, the gate and a test see the same. A view that says nothing
is refused to everybody, and a test fails. `web.auth.staff.authorization` enforces it.

    @blueprint.post("/<implementation>/settings")
    @needs(Permission.CHANGE_SETTINGS)
    def save(implementation: str) -> Response: ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

#: Bytes of an ordinary form or call of ours.
BODY = 16 * 1024

View = TypeVar("View", bound=Callable[..., Any])


class Permission(StrEnum):
    """What can be allowed, in the words in which a refusal names it."""

    #: The view is for everybody, or judges its credential itself: the app's endpoints, the ways in, static files.
    ANYONE = "anyone"
    SEE_CONSOLE = "see the console of an implementation"
    SEE_SETTINGS = "see an implementation's settings"
    CHANGE_SETTINGS = "change an implementation's texts, times and user types"
    CHANGE_TRUST = "change identity providers, connections, secrets and link hosts"
    SEE_PEOPLE = "see people and roles"
    GRANT_SCANNING = "grant and take away the role of scanner"
    GRANT_ROLES = "grant and take away every role, and lock people out"
    SEE_RUNS = "see what people are shown, and the runs behind it"
    SEE_AUDIT = "see the audit entries of an implementation"
    ADD_IMPLEMENTATIONS = "add implementations"
    RETIRE_IMPLEMENTATIONS = "archive, restore and remove implementations"
    SEE_ALL_AUDIT = "see the audit entries of all implementations"
    SEE_ALL_ERRORS = "look up errors that belong to no implementation"


_ORGANIZER = frozenset(
    {
        Permission.SEE_CONSOLE,
        Permission.SEE_SETTINGS,
        Permission.CHANGE_SETTINGS,
        Permission.SEE_PEOPLE,
        Permission.GRANT_SCANNING,
        Permission.SEE_RUNS,
        Permission.SEE_AUDIT,
    }
)
_REVIEWER = frozenset(
    {
        Permission.SEE_CONSOLE,
        Permission.SEE_SETTINGS,
        Permission.SEE_PEOPLE,
        Permission.SEE_RUNS,
        Permission.SEE_AUDIT,
        Permission.SEE_ALL_AUDIT,
        Permission.SEE_ALL_ERRORS,
    }
)

#: What each role may do. Whoever has none of these roles may do nothing here: attendees and scanners use the app.
MAY = MappingProxyType(
    {
        "attendee": frozenset[Permission](),
        "scanner": frozenset[Permission](),
        "author": frozenset({Permission.SEE_CONSOLE, Permission.SEE_SETTINGS}),
        "organizer": _ORGANIZER,
        "reviewer": _REVIEWER,
        "administrator": frozenset(Permission) - {Permission.ANYONE},
    }
)

#: Roles of ATIV's own people. They are had in the staff implementation only, and hold in every implementation.
HOUSE_ROLES = frozenset({"reviewer", "administrator"})


@dataclass(frozen=True)
class RequiredPermission:
    """What one view needs. `fresh`: a login that is minutes old at most, for what would hurt most."""

    permission: Permission
    fresh: bool = False


@dataclass(frozen=True)
class RequestRules:
    """What kind of request one view takes beyond the ordinary."""

    body: int = BODY  #: bytes
    from_elsewhere: bool = False  #: posted by pages of others, such as an identity provider's
    form_token: bool = True  #: no form of ours is believed without its token; off for what hurts nobody, with a reason


def needs(permission: Permission, *, fresh: bool = False) -> Callable[[View], View]:
    """Say which permission a view needs."""

    def mark(view: View) -> View:
        view.need = RequiredPermission(permission, fresh)  # type: ignore[attr-defined]
        return view

    return mark


def takes(*, body: int = BODY, from_elsewhere: bool = False, form_token: bool = True) -> Callable[[View], View]:
    """Say that a view takes larger bodies, posts from pages which are not ours, or forms without a token."""

    def mark(view: View) -> View:
        view.taken = RequestRules(body, from_elsewhere, form_token)  # type: ignore[attr-defined]
        return view

    return mark


def need_of(view: Callable[..., Any] | None) -> RequiredPermission | None:
    """Return what a view needs; None if it does not say."""
    return getattr(view, "need", None)


def request_rules_of(view: Callable[..., Any] | None) -> RequestRules:
    """Return what kind of request a view takes."""
    return getattr(view, "taken", RequestRules())
