"""What all views of the identity provider share, and what its cookie is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, Response, current_app, request

from .identity import Identity
from .idp_logins import IdpLogin, IdpLogins
from .incoming_messages import MessageValidator

_KEY = "identity provider"

#: Cookies do not know ports: it must not be called like one of the service's.
COOKIE = "development-identity-provider"


@dataclass(frozen=True)
class IdpServices:
    """Made once at start."""

    identity: Identity
    judge: MessageValidator
    visits: IdpLogins
    service_url: str  #: the public address of the service

    def attach(self, app: Flask) -> None:
        """Make this the desk of an application."""
        app.extensions[_KEY] = self

    @property
    def handle(self) -> str:
        """What the present browser's cookie says."""
        return request.cookies.get(COOKIE, "")

    @property
    def visit(self) -> IdpLogin | None:
        """The visit of the present browser."""
        return self.visits.find(self.handle)


def idp_services() -> IdpServices:
    """Return the desk of the application which answers the present request."""
    return cast(IdpServices, current_app.extensions[_KEY])


def keep(response: Response, handle: str) -> None:
    """Let the browser hold a visit; whatever it held before is replaced."""
    response.set_cookie(COOKIE, handle, httponly=True, samesite="Lax")


def forget(response: Response) -> None:
    """Take the visit away from the browser."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
