"""What a view needs: the named permission of who asks, and what kind of request it takes.

Each view says it in one line above itself, so that a reader, the gate and a test see the same. A view that says nothing
is refused to everybody, and a test fails.

    @blueprint.post("/<implementation>/settings")
    @needs(Permission.CHANGE_SETTINGS)
    def save(implementation: str) -> Response: ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
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
    SEE_AUDIT = "see the audit entries of an implementation"
    ADD_IMPLEMENTATIONS = "add implementations"


@dataclass(frozen=True)
class Need:
    """What one view needs. `fresh`: a login that is minutes old at most, for what would hurt most."""

    permission: Permission
    fresh: bool = False


@dataclass(frozen=True)
class Taken:
    """What kind of request one view takes beyond the ordinary."""

    body: int = BODY  #: bytes
    from_elsewhere: bool = False  #: posted by pages of others, such as an identity provider's


def needs(permission: Permission, *, fresh: bool = False) -> Callable[[View], View]:
    """Say which permission a view needs."""

    def mark(view: View) -> View:
        view.need = Need(permission, fresh)  # type: ignore[attr-defined]
        return view

    return mark


def takes(*, body: int = BODY, from_elsewhere: bool = False) -> Callable[[View], View]:
    """Say that a view takes larger bodies, or posts from pages which are not ours."""

    def mark(view: View) -> View:
        view.taken = Taken(body, from_elsewhere)  # type: ignore[attr-defined]
        return view

    return mark


def need_of(view: Callable[..., Any] | None) -> Need | None:
    """Return what a view needs; None if it does not say."""
    return getattr(view, "need", None)


def taken_by(view: Callable[..., Any] | None) -> Taken:
    """Return what kind of request a view takes."""
    return getattr(view, "taken", Taken())
