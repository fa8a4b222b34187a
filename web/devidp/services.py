"""What all views of the identity provider share, and its cookie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, Response, current_app, request

from .identity import Identity
from .idp_logins import IdpLogin, IdpLogins
from .incoming_messages import MessageValidator

#: The key of `app.extensions` that holds the services.
_KEY = "development identity provider"

#: Cookies are shared between ports, so it must not have the name of one of the service's.
COOKIE = "development-identity-provider"


@dataclass(frozen=True)
class IdpServices:
    """Made once at start."""

    identity: Identity
    validator: MessageValidator
    logins: IdpLogins
    service_url: str  #: the public address of the service

    def attach(self, app: Flask) -> None:
        """Make these the services of an application."""
        app.extensions[_KEY] = self

    @property
    def handle(self) -> str:
        """The value of the browser's cookie."""
        return request.cookies.get(COOKIE, "")

    @property
    def login(self) -> IdpLogin | None:
        """The browser's login, if there is one."""
        return self.logins.find(self.handle)


def idp_services() -> IdpServices:
    """Return the services of the application that answers the present request."""
    return cast(IdpServices, current_app.extensions[_KEY])


def set_cookie(response: Response, handle: str) -> None:
    """Set the browser's cookie to the handle of its login."""
    response.set_cookie(COOKIE, handle, httponly=True, samesite="Lax")


def delete_cookie(response: Response) -> None:
    """Delete the browser's cookie."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
