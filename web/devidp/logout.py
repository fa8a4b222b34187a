"""Logging out, both ways (profiles 4.4), by redirects: a service provider asks us, or the person does on our page.

Whoever asks, the login here ends first. Then each service provider that was told of it is asked in turn, and at last the
one that began gets its answer.
"""

from __future__ import annotations

import logging

from flask import Blueprint, Response, make_response, render_template, request

from web.redirects import see_other

from .idp_logins import IdpLogin, LogoutInProgress
from .incoming_messages import ReceivedLogoutRequest
from .outgoing_messages import logout_request, logout_response
from .redirect_binding import RedirectMessage, SamlMessageRefused, read_query
from .services import forget, idp_services
from .views import require_own_page

log = logging.getLogger(__name__)

blueprint = Blueprint("logout", __name__)


@blueprint.post("/logout")
def leave() -> Response:
    """Log out here and everywhere, as the person wants."""
    require_own_page()
    visit = idp_services().visits.forget(idp_services().handle)
    if visit is None:
        return see_other("/")
    return go_on(LogoutInProgress(visit.person, visit.index, list(visit.told.values()), wanted_by=None))


@blueprint.get("/slo")
def slo() -> Response:
    """Take a logout request, or the answer to one of ours."""
    message = read_query(request.query_string)
    return answered(message) if message.root.tag.endswith("}LogoutResponse") else asked(message)


def asked(message: RedirectMessage) -> Response:
    """End the login which a service provider names, and then go round."""
    wanted = idp_services().judge.logout_request(message)
    handle, visit = named(wanted)
    if visit is None:  # it has ended already, which is what was wanted
        return see_other(logout_response(idp_services().identity, wanted, is_partial=False))
    idp_services().visits.forget(handle)
    others = [one for one in visit.told.values() if one.entity_id != wanted.provider.entity_id]
    return go_on(LogoutInProgress(visit.person, visit.index, others, wanted_by=wanted))


def answered(message: RedirectMessage) -> Response:
    """Go on with a logout after one service provider has answered."""
    said = idp_services().judge.logout_response(message)
    leaving = idp_services().visits.left(said.relay_state)
    if leaving is None or leaving.asked != said.in_response_to:
        raise SamlMessageRefused("nobody-asked", "This answers no logout of ours, or one that was answered before.")
    leaving.is_partial |= not said.is_success
    return go_on(leaving)


def named(wanted: ReceivedLogoutRequest) -> tuple[str, IdpLogin | None]:
    """Return handle and visit of the login which a request names: the browser's own, or one called by its index."""
    for handle in (idp_services().handle, *(idp_services().visits.named(index) for index in wanted.indexes)):
        visit = idp_services().visits.find(handle)
        if visit is None:
            continue
        if idp_services().identity.name_id(visit.person.username, wanted.provider.entity_id) == wanted.name_id:
            return handle, visit
    return "", None


def go_on(leaving: LogoutInProgress) -> Response:
    """Ask the next service provider, or finish."""
    if leaving.remaining:
        provider = leaving.remaining.pop()
        relay_state = idp_services().visits.leave(leaving)
        address, leaving.asked = logout_request(
            idp_services().identity, provider, leaving.person, leaving.index, relay_state
        )
        return without_visit(see_other(address))
    if leaving.wanted_by:
        address = logout_response(idp_services().identity, leaving.wanted_by, is_partial=leaving.is_partial)
        return without_visit(see_other(address))
    page = render_template("devidp/out.html", person=leaving.person, is_partial=leaving.is_partial)
    return without_visit(make_response(page))


def without_visit(response: Response) -> Response:
    """Take the cookie away with an answer."""
    forget(response)
    return response
