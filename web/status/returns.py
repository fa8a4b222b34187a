"""Redirects back to the session in the app: from a vendor's site, and from the login page.

`/r/{token}` is the signed return address to which a vendor's site sends the user. It needs no login, because the vendor may
have opened another browser, so it must reveal nothing and only start a check: the token names the user and the session,
and the redirect leads to the app, which requires the login.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote, urlsplit

from flask import Blueprint, Response

from records.tenants import implementations
from runner.status.service import BadToken
from web.auth.logins import Visitor
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.redirects import see_other
from web.session_address import SessionAddress
from web.status.services import StatusEndpointServices

blueprint = Blueprint("returns", __name__)

#: URL schemes that a browser would run or open as a file.
DANGEROUS_SCHEMES = frozenset({"", "javascript", "data", "vbscript", "file", "blob", "about", "view-source"})


@blueprint.get("/r/<token>")
@needs(Permission.ANYONE)
def come_back(token: str) -> Response:
    """Note that the user came back, then redirect to the session in the app.

    `api.return_url()` in a script makes this address, and a vendor's site redirects to it. 303 leads to the session in the
    app, or to the widget page if no address of the app is set. 400 for a forged or expired token.
    """
    services = StatusEndpointServices.here()
    try:
        asker = services.status_service.read_return_token(token)
    except BadToken:
        raise HttpProblem(
            HTTPStatus.BAD_REQUEST, "This return link has expired or is not valid. Please go back to the app."
        ) from None
    address = SessionAddress(asker.implementation, asker.session)
    services.returned(address, Visitor(asker.implementation, asker.user))
    response = see_other(session_address(services, address))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/app/<implementation>/sessions/<session_id>")
@needs(Permission.ANYONE)
def to_app(implementation: str, session_id: str) -> Response:
    """Redirect to the session in the app, or to the widget page if no address of the app is set. Used after a login."""
    return see_other(session_address(StatusEndpointServices.here(), SessionAddress.named(implementation, session_id)))


def session_address(services: StatusEndpointServices, address: SessionAddress) -> str:
    """Return the address of the session in the app; without a usable setting, that of the widget page."""
    with services.database.reading() as db:
        implementation = implementations.find(db, address.implementation)
        template = implementation.session_url if implementation else ""
    if urlsplit(template).scheme.lower() in DANGEROUS_SCHEMES:
        return address.widget_path
    return template.replace("{session_id}", quote(address.session, safe=""))
