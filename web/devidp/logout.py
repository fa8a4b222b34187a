"""Single logout (profiles 4.4) by redirects: a service provider requests it, or the person does on our page.

The login here ends first. Then each service provider that it was used for is asked in turn, and at last the one that
began the logout gets its answer.
"""

from __future__ import annotations

import logging

from flask import Blueprint, Response, make_response, render_template, request

from web.redirects import see_other

from .idp_logins import IdpLogin, LogoutInProgress
from .incoming_messages import ReceivedLogoutRequest
from .outgoing_messages import logout_request, logout_response
from .redirect_binding import RedirectMessage, SamlMessageRefused, read_query
from .services import delete_cookie, idp_services
from .views import require_own_page

log = logging.getLogger(__name__)

blueprint = Blueprint("logout", __name__)


@blueprint.post("/logout")
def leave() -> Response:
    """Log out here and at all service providers."""
    require_own_page()
    login = idp_services().logins.forget(idp_services().handle)
    if login is None:
        return see_other("/")
    return next_step(
        LogoutInProgress(login.person, login.index, list(login.service_providers.values()), requested_by=None)
    )


@blueprint.get("/slo")
def slo() -> Response:
    """Take a logout request, or the response to one of ours."""
    message = read_query(request.query_string)
    return resume(message) if message.root.tag.endswith("}LogoutResponse") else begin(message)


def begin(message: RedirectMessage) -> Response:
    """End the login that a service provider names, then ask the other service providers."""
    received = idp_services().validator.logout_request(message)
    handle, login = find_login(received)
    if login is None:  # it has ended already
        return see_other(logout_response(idp_services().identity, received, is_partial=False))
    idp_services().logins.forget(handle)
    others = [one for one in login.service_providers.values() if one.entity_id != received.provider.entity_id]
    return next_step(LogoutInProgress(login.person, login.index, others, requested_by=received))


def resume(message: RedirectMessage) -> Response:
    """Continue a logout after a service provider has answered."""
    answer = idp_services().validator.logout_response(message)
    in_progress = idp_services().logins.take_logout(answer.relay_state)
    if in_progress is None or in_progress.request_id != answer.in_response_to:
        raise SamlMessageRefused("nobody-asked", "This does not answer a pending logout request.")
    in_progress.is_partial |= not answer.is_success
    return next_step(in_progress)


def find_login(received: ReceivedLogoutRequest) -> tuple[str, IdpLogin | None]:
    """Return the login that a request names, with its handle: the browser's own, or one with its SessionIndex."""
    for handle in (idp_services().handle, *(idp_services().logins.handle_of(index) for index in received.indexes)):
        login = idp_services().logins.find(handle)
        if login is None:
            continue
        if idp_services().identity.name_id(login.person.username, received.provider.entity_id) == received.name_id:
            return handle, login
    return "", None


def next_step(in_progress: LogoutInProgress) -> Response:
    """Ask the next service provider, or finish."""
    if in_progress.remaining:
        provider = in_progress.remaining.pop()
        relay_state = idp_services().logins.put_logout(in_progress)
        address, in_progress.request_id = logout_request(
            idp_services().identity, provider, in_progress.person, in_progress.index, relay_state
        )
        return without_cookie(see_other(address))
    if in_progress.requested_by:
        address = logout_response(idp_services().identity, in_progress.requested_by, is_partial=in_progress.is_partial)
        return without_cookie(see_other(address))
    page = render_template("devidp/out.html", person=in_progress.person, is_partial=in_progress.is_partial)
    return without_cookie(make_response(page))


def without_cookie(response: Response) -> Response:
    """Delete the browser's cookie with this response."""
    delete_cookie(response)
    return response
