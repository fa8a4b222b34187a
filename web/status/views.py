"""The status endpoints for the app: get the status of a session, and report that the user came back.

The docstrings are the reference of these endpoints: the OpenAPI document is made from them.
"""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Response, request

from runner.status.service import LoginEnded
from web.auth.logins import NoLogin, Visitor
from web.permissions import Permission, needs
from web.problem_details import HttpProblem
from web.session_address import SessionAddress
from web.status.responses import login_reply, refused_login, reply
from web.status.services import StatusEndpointServices

blueprint = Blueprint("status", __name__, url_prefix="/api/v1/implementations/<implementation>/sessions/<session_id>")


@blueprint.get("/status")
@needs(Permission.ANYONE)
def show(implementation: str, session_id: str) -> Response:
    """Return what the session shows this user now.

    The credential is a bearer token or the login cookie. Without one, the state is `login`, with the message to show and
    the address of the login page, which leads back to this session. If the login has ended or belongs to another
    implementation, the response is 401 with the same message.

    `Prefer: wait=N` lets the server hold the request for up to N seconds (it may reduce them) until there is a first
    answer; `Preference-Applied` states the wait. 202 means that there is nothing to show yet: ask again after `Retry-After`.
    With `If-None-Match`, 304 means that nothing has changed; while the state is `checking`, it also has `Retry-After`.
    """
    services = StatusEndpointServices.here()
    address = SessionAddress.named(implementation, session_id)
    who = services.who(address)
    if not isinstance(who, Visitor):
        return _invite(services, address, who)
    wait_s = services.wait_s()
    try:
        status = services.ask(address, who, wait_s)
    except LoginEnded:
        return _invite(services, address, NoLogin.REFUSED)
    return reply(status, request.headers.get("If-None-Match"), wait_s).as_response()


@blueprint.post("/status/returned")
@needs(Permission.ANYONE)
def returned(implementation: str, session_id: str) -> Response:
    """Note that the user came back from the message's link.

    The old message no longer counts as fresh: a new run starts now, and until it ends the state is `checking`, with the
    old message to be shown as such. If the vendor's system is slow to update, the run is repeated a few times until the
    message differs. `Prefer: wait=N` lets the server hold the request until the first of these runs has ended. The request has no
    body. With the cookie as the credential, it must come from one of our pages.
    """
    services = StatusEndpointServices.here()
    address = SessionAddress.named(implementation, session_id)
    _refuse_body()
    who = services.who(address)
    if not isinstance(who, Visitor):
        return _invite(services, address, who)
    wait_s = services.wait_s()
    try:
        status = services.returned(address, who, wait_s)
    except LoginEnded:
        return _invite(services, address, NoLogin.REFUSED)
    return reply(status, request.headers.get("If-None-Match"), wait_s).as_response()


def _invite(services: StatusEndpointServices, address: SessionAddress, why: NoLogin) -> Response:
    """Answer a request without a valid login. Raises `HttpProblem` (401, 404)."""
    login_address = services.login_address(address)
    if why is NoLogin.REFUSED:
        raise refused_login(login_address)
    services.check_exists(address)
    return login_reply(login_address).as_response()


def _refuse_body() -> None:
    """Require that there is no body; an empty JSON object is accepted from clients that must send one. Raises `HttpProblem` (400, 415)."""
    sent = request.get_data(cache=False)
    if not sent:
        return
    if request.mimetype != "application/json":
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "This call has no body; an empty JSON object is accepted.")
    if sent.strip() != b"{}":
        raise HttpProblem(
            HTTPStatus.BAD_REQUEST, "This call has no body; an empty JSON object is accepted, without members."
        )
