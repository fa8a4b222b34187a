"""The status of a session for the app: ask for it, and say that the user came back.

The docstrings are the reference of these endpoints; the OpenAPI document is made from them.
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
    """Say what the session shows this user now.

    The credential is a bearer token or the login cookie. Without any, the state is `login`, with the message to show
    and the address of the login page, which leads back to this session. With one that has ended or belongs to another
    implementation, the answer is 401, and its body has the same message.

    `Prefer: wait=N` lets the server hold the request for up to N seconds (it caps them) until a first answer is there;
    `Preference-Applied` says that it did. 202 means that there is nothing to show yet: ask again after `Retry-After`.
    With `If-None-Match`, 304 means that nothing has changed; while the state is `checking` it has `Retry-After`, too.
    """
    counter = StatusEndpointServices.here()
    place = SessionAddress.named(implementation, session_id)
    who = counter.who(place)
    if not isinstance(who, Visitor):
        return _invite(counter, place, who)
    wait_s = counter.wait_s()
    try:
        status = counter.ask(place, who, wait_s)
    except LoginEnded:
        return _invite(counter, place, NoLogin.REFUSED)
    return reply(status, request.headers.get("If-None-Match"), wait_s).as_response()


@blueprint.post("/status/returned")
@needs(Permission.ANYONE)
def returned(implementation: str, session_id: str) -> Response:
    """Note that the user came back from the message's link.

    What was known is not shown as fresh again: a new run starts now, and the state is `checking`, with the old message
    to be shown as such, until that run has ended. If the vendor's system lags, the run is repeated a few times until
    the message differs. The request has no body. With the cookie as credential it must come from a page of ours.
    """
    counter = StatusEndpointServices.here()
    place = SessionAddress.named(implementation, session_id)
    _refuse_body()
    who = counter.who(place)
    if not isinstance(who, Visitor):
        return _invite(counter, place, who)
    try:
        status = counter.returned(place, who)
    except LoginEnded:
        return _invite(counter, place, NoLogin.REFUSED)
    return reply(status, request.headers.get("If-None-Match")).as_response()


def _invite(counter: StatusEndpointServices, place: SessionAddress, why: NoLogin) -> Response:
    """Answer somebody who is not logged in here. Raises `HttpProblem` (401, 404)."""
    login_address = counter.login_address(place)
    if why is NoLogin.REFUSED:
        raise refused_login(login_address)
    counter.check_exists(place)
    return login_reply(login_address).as_response()


def _refuse_body() -> None:
    """Accept no body, or an empty JSON object for clients which must send something. Raises `HttpProblem` (400, 415)."""
    sent = request.get_data(cache=False)
    if not sent:
        return
    if request.mimetype != "application/json":
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "This call has no body; an empty JSON object is accepted.")
    if sent.strip() != b"{}":
        raise HttpProblem(
            HTTPStatus.BAD_REQUEST, "This call has no body; an empty JSON object is accepted, and no members."
        )
