"""The ways back to the session in the app: from a vendor's site, and from the login page.

`/r/{token}` is the signed address which a vendor's site sends the user to. It needs no login (the vendor may have opened another browser), so it must give nothing away and do nothing but check
again: the token names the user and session, and the redirect leads to the app, where the login is asked for.
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

#: Schemes which a browser would run or open as a file instead of leading to an app.
DANGEROUS_SCHEMES = frozenset({"", "javascript", "data", "vbscript", "file", "blob", "about", "view-source"})


@blueprint.get("/r/<token>")
@needs(Permission.ANYONE)
def come_back(token: str) -> Response:
    """Note that the user came back, then lead back to the session in the app.

    The address is made by `api.return_url()` in a script; a vendor's site redirects to it. 303 leads to where the
    implementation shows its sessions, or else to the widget page. A token that is forged or has ended is 400.
    """
    counter = StatusEndpointServices.here()
    try:
        asker = counter.desk.read_return_token(token)
    except BadToken:
        raise HttpProblem(
            HTTPStatus.BAD_REQUEST, "This way back does not work any more. Please go back to the app."
        ) from None
    place = SessionAddress(asker.implementation, asker.session)
    counter.returned(place, Visitor(asker.implementation, asker.user))
    response = see_other(session_address(counter, place))
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/app/<implementation>/sessions/<session_id>")
@needs(Permission.ANYONE)
def to_app(implementation: str, session_id: str) -> Response:
    """Lead to where the app shows the session, or else to the widget page. The login leads here."""
    return see_other(session_address(StatusEndpointServices.here(), SessionAddress.named(implementation, session_id)))


def session_address(counter: StatusEndpointServices, place: SessionAddress) -> str:
    """Return where the app shows the session; without a usable setting, the widget page."""
    with counter.database.reading() as db:
        implementation = implementations.find(db, place.implementation)
        template = implementation.session_url if implementation else ""
    if urlsplit(template).scheme.lower() in DANGEROUS_SCHEMES:
        return place.widget_path
    return template.replace("{session_id}", quote(place.session, safe=""))
