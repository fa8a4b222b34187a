"""What a view requires: a permission of the person, and the kind of request. `records.roles` says which role has which permission.

Each view declares it in one line above itself, where a reader, the request checks and a test see the same. A view that
declares nothing is refused to everyone, and a test fails. `web.auth.staff.authorization` enforces it.

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

#: Bytes of an ordinary form or API call.
BODY = 16 * 1024

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class RequiredPermission:
    """What one view requires. `fresh`: a login that is only minutes old, for the most dangerous changes."""

    permission: Permission
    fresh: bool = False


@dataclass(frozen=True)
class RequestRules:
    """Which requests one view accepts beyond the usual ones."""

    body: int = BODY  #: bytes
    cross_site: bool = False  #: posted by other sites, for example an identity provider
    form_token: bool = True  #: forms need a CSRF token; off only for harmless views, with a reason


def needs(permission: Permission, *, fresh: bool = False) -> Callable[[View], View]:
    """Declare which permission a view requires."""

    def mark(view: View) -> View:
        view.need = RequiredPermission(permission, fresh)  # type: ignore[attr-defined]  # a function is the view, and takes attributes
        return view

    return mark


def takes(*, body: int = BODY, cross_site: bool = False, form_token: bool = True) -> Callable[[View], View]:
    """Declare that a view accepts larger bodies, posts from other sites, or forms without a token."""

    def mark(view: View) -> View:
        view.taken = RequestRules(body, cross_site, form_token)  # type: ignore[attr-defined]  # a function is the view, and takes attributes
        return view

    return mark


def need_of(view: Callable[..., Any] | None) -> RequiredPermission | None:
    """Return what a view requires; None if it declares nothing."""
    return getattr(view, "need", None)


def request_rules_of(view: Callable[..., Any] | None) -> RequestRules:
    """Return which requests a view accepts."""
    return getattr(view, "taken", RequestRules())
