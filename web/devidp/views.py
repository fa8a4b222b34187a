"""The identity provider's pages: what it is, its metadata, and logging in (profiles 4.1)."""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Blueprint, Response, abort, make_response, render_template, request

from web.redirects import see_other

from .idp_logins import IdpLogin
from .incoming_messages import PERSISTENT, UNSPECIFIED, ReceivedLoginRequest
from .outgoing_messages import login_failure, login_response, metadata
from .redirect_binding import SamlMessageRefused, read_query
from .sample_people import PEOPLE, SamplePerson, groups_for, person_named
from .services import delete_cookie, idp_services, set_cookie

log = logging.getLogger(__name__)

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> str:
    """Show what this is, and who is logged in here, with buttons to log out."""
    return render_template(
        "devidp/home.html", login=idp_services().login, people=PEOPLE, service=idp_services().service_url
    )


@blueprint.get("/healthz")
def alive() -> Response:
    """Answer that the process runs."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/metadata")
def own_metadata() -> Response:
    """The metadata of this identity provider."""
    return Response(metadata(idp_services().identity), mimetype="application/samlmetadata+xml")


@blueprint.get("/sso")
def sso() -> Response:
    """Answer a login request at once if the browser is logged in here, otherwise ask for a person."""
    login_request = checked_login_request()
    if login_request.name_id_format not in ("", PERSISTENT, UNSPECIFIED):
        return answer(login_request, login_failure(idp_services().identity, login_request, "InvalidNameIDPolicy"))
    login = None if login_request.force_authn else idp_services().login
    if login and "switch" not in request.args:
        return admit(login_request, login)
    if login_request.is_passive:
        return answer(login_request, login_failure(idp_services().identity, login_request, "NoPassive"))
    return make_response(
        render_template(
            "devidp/choose.html", login_request=login_request, groups=groups_for(login_request.provider.slug)
        )
    )


@blueprint.post("/sso")
def chosen() -> Response:
    """Log the browser in as the chosen person, or answer that the login was refused."""
    require_own_page()
    login_request = checked_login_request()
    if "nobody" in request.form:
        return answer(login_request, login_failure(idp_services().identity, login_request, "AuthnFailed"))
    person = person_named(request.form.get("person", ""))
    if person is None:
        raise SamlMessageRefused("no-such-person", "There is no such sample person. Please choose one from the list.")
    log.warning("Login as %s, without any proof", person.username)
    idp_services().logins.forget(idp_services().handle)
    handle, login = idp_services().logins.begin(person)
    response = admit(login_request, login)
    set_cookie(response, handle)
    return response


@blueprint.post("/forget")
def switch() -> Response:
    """End the login here without telling the service providers: the next login asks for a person again."""
    require_own_page()
    idp_services().logins.forget(idp_services().handle)
    response = see_other("/")
    delete_cookie(response)
    return response


@blueprint.app_errorhandler(SamlMessageRefused)
def refused(fault: SamlMessageRefused) -> Response:
    """Show what is wrong with a message, without showing any of it, and without a redirect."""
    log.warning("A message was refused code=%s", fault.code)
    return make_response(render_template("devidp/refused.html", fault=fault), HTTPStatus.BAD_REQUEST)


def checked_login_request() -> ReceivedLoginRequest:
    """Check the login request of the present address: before a person is chosen, and again afterwards."""
    return idp_services().validator.login_request(read_query(request.query_string))


def admit(login_request: ReceivedLoginRequest, login: IdpLogin) -> Response:
    """Send the browser back, logged in."""
    login.service_providers[login_request.provider.entity_id] = login_request.provider
    return answer(login_request, login_response(idp_services().identity, login_request, login.facts), login.person)


def answer(login_request: ReceivedLoginRequest, message: str, person: SamplePerson | None = None) -> Response:
    """The page that posts an answer to the service provider, by itself or with a button (bindings 3.5)."""
    page = render_template(
        "devidp/send.html",
        login_request=login_request,
        message=message,
        person=person,
        query=request.query_string.decode("latin-1"),
    )
    return make_response(page)


def require_own_page() -> None:
    """Refuse a form that is not ours, so that no other page can change who is logged in here."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        abort(HTTPStatus.FORBIDDEN)
    if request.headers.get("Origin", "null") not in (request.host_url.rstrip("/"), "null"):
        abort(HTTPStatus.FORBIDDEN)
