"""The SAML addresses of an implementation: metadata, login, the provider's answer, its completion, and logout.

All failures lead to the same page; the log says why, under the reference that the page shows.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Blueprint, Response, request

from web.auth.login_steps import login_states, refusals
from web.auth.login_steps.admission import NotAdmitted, arrive, journey_asked
from web.auth.login_steps.rate_limits import check_rate, check_refused, count_refused, origin
from web.auth.saml import login_flow, logout_flow, step_up
from web.auth.saml.protocol.messages.metadata import sp_metadata
from web.auth.saml.protocol.values import Rejected
from web.auth.saml_work_limit import RETRY_AFTER_S, TooMuchWork
from web.auth.services import AuthServices
from web.permissions import Permission, needs, takes
from web.problem_details import HttpProblem
from web.redirects import see_other
from web.session_address import checked_implementation

blueprint = Blueprint("saml", __name__, url_prefix="/saml/<implementation>")

log = logging.getLogger(__name__)

#: Most bytes of a posted message: the largest acceptable one, in its encoding.
MESSAGE_BYTES = 512 * 1024

#: Seconds for which others may cache our metadata. A change of keys is published days before.
METADATA_KEPT_S = 300


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Keep these responses out of caches, and their addresses out of the Referer header."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.errorhandler(login_flow.LoginFailed)
def login_failed(failed: login_flow.LoginFailed) -> Response:
    """Return the page for a failed login; the code is for the log."""
    refusal = refusals.Refusal(_implementation(), failed.code, user=failed.user, detail=failed.detail)
    return refusals.login(refusal, failed.journey)


@blueprint.errorhandler(NotAdmitted)
def not_admitted(refused: NotAdmitted) -> Response:
    """Return the page for a failed login; the code is for the log."""
    return refusals.not_admitted(_implementation(), refused)


@blueprint.errorhandler(Rejected)
def logout_failed(rejected: Rejected) -> Response:
    """Return the page for a refused logout message. For logins, `login_flow` converts `Rejected` to `LoginFailed`."""
    return refusals.logout(_implementation(), rejected.code, detail=rejected.detail)


@blueprint.get("/metadata")
@needs(Permission.ANYONE)
def metadata(implementation: str) -> Response:
    """Return our metadata, even before an identity provider is known. 200 with XML; 404 for an unknown implementation."""
    document = sp_metadata(login_flow.service_provider(AuthServices.here(), checked_implementation(implementation)))
    headers = {"Cache-Control": f"public, max-age={METADATA_KEPT_S}"}
    return Response(document, mimetype="application/samlmetadata+xml", headers=headers)


@blueprint.get("/login")
@needs(Permission.ANYONE)
def login(implementation: str) -> Response:
    """Start a login: store it for this browser, and redirect the browser to the provider (303).

    `next`, `m`, `fresh` and `switch` are as at the login address, to which it redirects if there is no provider.
    """
    check_rate()
    services = AuthServices.here()
    journey = journey_asked()
    parties = login_flow.saml_parties(services, checked_implementation(implementation))
    if parties is None:
        return see_other(f"/login/{implementation}")
    browser = login_states.LoginBrowser(secure=services.config.secure)
    value, hashed = browser.mark()
    response = see_other(login_flow.begin(services, parties, journey, browser=hashed, origin=origin()))
    browser.keep(response, value)
    return response


@blueprint.post("/acs")
@needs(Permission.ANYONE)
@takes(body=MESSAGE_BYTES, cross_site=True)
def acs(implementation: str) -> Response:
    """Handle the response that the provider's page posts (assertion consumer service). Cookies are ignored: none comes with it.

    303 to the completion, to which the browser sends its cookie; 400 with the page for a failed login if the response is
    refused; 429 or 503 with `Retry-After` if too much was posted from one address, or at the same time.
    """
    check_rate()
    check_refused()
    try:
        return see_other(
            login_flow.accept_message(
                AuthServices.here(), checked_implementation(implementation), login_flow.read_form(request)
            )
        )
    except login_flow.LoginFailed:
        count_refused()
        raise
    except TooMuchWork:
        log.warning("saml: work limit reached, a message was not checked implementation=%s", implementation)
        raise HttpProblem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Many people are logging in at the moment. Please reload this page in a few seconds.",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        ) from None


@blueprint.get("/complete")
@needs(Permission.ANYONE)
def complete(implementation: str) -> Response:
    """Complete a login in the browser that started it: set the login cookie, and redirect to where it started (303).

    200 with a question if a fresh login is by a person other than the one who is logged in.
    """
    services = AuthServices.here()
    proved = _proved_login(services, implementation, request.args.get("o", ""))
    present = step_up.login_to_replace(services, proved)
    return _let_in(proved) if present is None else step_up.ask(services, proved, present)


@blueprint.post("/complete")
@needs(Permission.ANYONE)
def complete_as_another(implementation: str) -> Response:
    """Continue as the other person after a fresh login; the current login ends (303). `o`: the handle on that page."""
    return _let_in(_proved_login(AuthServices.here(), implementation, request.form.get("o", "")))


@blueprint.get("/slo")
@needs(Permission.ANYONE)
def slo(implementation: str) -> Response:
    """Handle a provider's logout request, or its answer to ours. 303 if it is accepted; 400 with a page if it is refused."""
    check_rate()
    services = AuthServices.here()
    checked_implementation(implementation)
    query = request.query_string.decode("ascii", "replace")  # the signature covers the query as it was sent
    if "SAMLResponse" in request.args:
        return see_other(logout_flow.finish(services, implementation, query, request.args.get("RelayState", "")))
    ended = logout_flow.end_named_logins(services, implementation, query)
    response = see_other(ended.address or f"/login/{implementation}/out")
    present = services.logins.visitor(request)
    if present is not None and present.login in ended.logins:
        services.logins.forget(response)
    return response


@blueprint.post("/slo")
@needs(Permission.ANYONE)
@takes(body=MESSAGE_BYTES, cross_site=True)
def slo_posted(implementation: str) -> Response:
    """Accept an answer that a provider posts instead. It is not read, because our login has already ended (303)."""
    check_rate()
    checked_implementation(implementation)
    if "SAMLResponse" not in request.form:
        raise Rejected("logout-binding")
    return see_other(f"/login/{implementation}/out")


def _proved_login(services: AuthServices, implementation: str, handle: str) -> login_states.ProvedLogin:
    browser = login_states.LoginBrowser(secure=services.config.secure)
    return login_flow.complete(services, checked_implementation(implementation), handle, browser)


def _let_in(proved: login_states.ProvedLogin) -> Response:
    try:
        return arrive(proved.person, proved.journey)
    except NotAdmitted as refused:
        return refusals.not_admitted(proved.person.implementation, refused, proved.journey)


def _implementation() -> str:
    return str((request.view_args or {}).get("implementation", ""))
