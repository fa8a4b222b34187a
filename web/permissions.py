"""What a view needs: the named permission of who asks, and what kind of request it takes; and which role has what is in `records.roles`.

Each view says it in one line above itself, so that a reader, the gate and a test see the same. A view that says nothing
is refused to everybody, and a test fails. `web.auth.staff.authorization` enforces it.

    @blueprint.post("/<implementation>/settings")
    @needs(Permission.CHANGE_SETTINGS)
    def save(implementation: str) -> Response: ...
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from records.roles import Permission

__all__ = ["Permission", "RequestRules", "RequiredPermission", "need_of", "needs", "request_rules_of", "takes"]

#: Bytes of an ordinary form or call of ours.
BODY = 16 * 1024

View = TypeVar("View", bound=Callable[..., Any])


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
        view.need = RequiredPermission(permission, fresh)  # type: ignore[attr-defined]  # a function is the view, and takes attributes
        return view

    return mark


def takes(*, body: int = BODY, from_elsewhere: bool = False, form_token: bool = True) -> Callable[[View], View]:
    """Say that a view takes larger bodies, posts from pages which are not ours, or forms without a token."""

    def mark(view: View) -> View:
        view.taken = RequestRules(body, from_elsewhere, form_token)  # type: ignore[attr-defined]  # a function is the view, and takes attributes
        return view

    return mark


def need_of(view: Callable[..., Any] | None) -> RequiredPermission | None:
    """Return what a view needs; None if it does not say."""
    return getattr(view, "need", None)


def request_rules_of(view: Callable[..., Any] | None) -> RequestRules:
    """Return what kind of request a view takes."""
    return getattr(view, "taken", RequestRules())
