"""The SAML addresses of an implementation: metadata, login, the provider's answer, its completion, and logout.

What goes wrong has one page for everybody and one line in the log for us; a reference joins the two.
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

#: Bytes of a posted message: what the largest believable one has, with room for its encoding.
MESSAGE_BYTES = 512 * 1024

#: Seconds for which others may keep our metadata. A change of keys is announced days before.
METADATA_KEPT_S = 300


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Nobody remembers these answers, and the next page does not learn their addresses."""
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.errorhandler(login_flow.LoginFailed)
def login_failed(failed: login_flow.LoginFailed) -> Response:
    """Answer with the one page; the code is for the log."""
    refusal = refusals.Refusal(_implementation(), failed.code, user=failed.user, detail=failed.detail)
    return refusals.login(refusal, failed.journey)


@blueprint.errorhandler(NotAdmitted)
def not_admitted(refused: NotAdmitted) -> Response:
    """Answer with the one page; the code is for the log."""
    return refusals.not_admitted(_implementation(), refused)


@blueprint.errorhandler(Rejected)
def logout_failed(rejected: Rejected) -> Response:
    """Answer a logout message which is not believed. Those of logins become `LoginFailed` in the flow."""
    return refusals.logout(_implementation(), rejected.code, detail=rejected.detail)


@blueprint.get("/metadata")
@needs(Permission.ANYONE)
def metadata(implementation: str) -> Response:
    """Describe us to a provider, also before any provider is known. 200 with XML; 404 for an unknown implementation."""
    document = sp_metadata(login_flow.service_provider(AuthServices.here(), checked_implementation(implementation)))
    headers = {"Cache-Control": f"public, max-age={METADATA_KEPT_S}"}
    return Response(document, mimetype="application/samlmetadata+xml", headers=headers)


@blueprint.get("/login")
@needs(Permission.ANYONE)
def login(implementation: str) -> Response:
    """Begin a login: remember it for this browser, and send the browser to the provider (303).

    `next`, `m`, `fresh` and `switch` as at the login address, to which it leads when there is no provider.
    """
    check_rate()
    entrance = AuthServices.here()
    journey = journey_asked()
    sides = login_flow.saml_parties(entrance, checked_implementation(implementation))
    if sides is None:
        return see_other(f"/login/{implementation}")
    browser = login_states.LoginBrowser(secure=entrance.config.secure)
    value, hashed = browser.mark()
    response = see_other(login_flow.begin(entrance, sides, journey, browser=hashed, origin=origin()))
    browser.keep(response, value)
    return response


@blueprint.post("/acs")
@needs(Permission.ANYONE)
@takes(body=MESSAGE_BYTES, from_elsewhere=True)
def acs(implementation: str) -> Response:
    """Take the provider's answer, which its page posts here. It looks at no cookie: none comes with it.

    303 to the completion, where the browser shows its cookie; 400 with the one page for whatever is not believed; 429
    and 503 with `Retry-After` when too much was posted from one address, or at once. A reload posts it again.
    """
    check_rate()
    check_refused()
    try:
        return see_other(
            login_flow.believe(AuthServices.here(), checked_implementation(implementation), login_flow.posted(request))
        )
    except login_flow.LoginFailed:
        count_refused()
        raise
    except TooMuchWork:
        log.warning("saml: too much work, a message was not judged implementation=%s", implementation)
        raise HttpProblem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "Many people log in at the moment. Please reload this page in a few seconds.",
            headers={"Retry-After": str(RETRY_AFTER_S)},
        ) from None


@blueprint.get("/complete")
@needs(Permission.ANYONE)
def complete(implementation: str) -> Response:
    """Finish a login in the browser which began it: the login cookie, and back to where it began (303).

    200 with a page that asks, when a fresh login is of another person than the one who is logged in.
    """
    entrance = AuthServices.here()
    arrived = _arrived(entrance, implementation, request.args.get("o", ""))
    there = step_up.who_is_there(entrance, arrived)
    return _let_in(arrived) if there is None else step_up.ask(entrance, arrived, there)


@blueprint.post("/complete")
@needs(Permission.ANYONE)
def complete_as_another(implementation: str) -> Response:
    """Go on as the other person after a fresh login: the login that is there ends (303). `o`: the handle on that page."""
    return _let_in(_arrived(AuthServices.here(), implementation, request.form.get("o", "")))


@blueprint.get("/slo")
@needs(Permission.ANYONE)
def slo(implementation: str) -> Response:
    """Take a provider's logout, or its answer to ours. 303 onward; 400 with the one page for what is not believed."""
    check_rate()
    entrance = AuthServices.here()
    checked_implementation(implementation)
    query = request.query_string.decode("ascii", "replace")  # the signature is over the query as it was sent
    if "SAMLResponse" in request.args:
        return see_other(logout_flow.answered(entrance, implementation, query, request.args.get("RelayState", "")))
    ended = logout_flow.told(entrance, implementation, query)
    response = see_other(ended.address or f"/login/{implementation}/out")
    present = entrance.logins.visitor(request)
    if present is not None and present.login in ended.logins:
        entrance.logins.forget(response)
    return response


@blueprint.post("/slo")
@needs(Permission.ANYONE)
@takes(body=MESSAGE_BYTES, from_elsewhere=True)
def slo_posted(implementation: str) -> Response:
    """Take an answer which a provider posts instead: our login has ended before, so it is not even read (303)."""
    check_rate()
    checked_implementation(implementation)
    if "SAMLResponse" not in request.form:
        raise Rejected("logout-binding")
    return see_other(f"/login/{implementation}/out")


def _arrived(entrance: AuthServices, implementation: str, handle: str) -> login_states.ProvedLogin:
    browser = login_states.LoginBrowser(secure=entrance.config.secure)
    return login_flow.complete(entrance, checked_implementation(implementation), handle, browser)


def _let_in(arrived: login_states.ProvedLogin) -> Response:
    try:
        return arrive(arrived.person, arrived.journey)
    except NotAdmitted as refused:
        return refusals.not_admitted(arrived.person.implementation, refused, arrived.journey)


def _implementation() -> str:
    return str((request.view_args or {}).get("implementation", ""))
