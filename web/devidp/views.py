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
from .sample_people import PEOPLE, SamplePerson, offered, person_called
from .services import forget, idp_services, keep

log = logging.getLogger(__name__)

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> str:
    """What this is, who is logged in here, and the way out."""
    return render_template(
        "devidp/home.html", visit=idp_services().visit, people=PEOPLE, service=idp_services().service_url
    )


@blueprint.get("/healthz")
def alive() -> Response:
    """Answer that the process lives."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/metadata")
def own_metadata() -> Response:
    """The metadata of this identity provider."""
    return Response(metadata(idp_services().identity), mimetype="application/samlmetadata+xml")


@blueprint.get("/sso")
def sso() -> Response:
    """Answer a login request at once if the browser is logged in here, else ask who it is."""
    asked = login_request()
    if asked.name_id_format not in ("", PERSISTENT, UNSPECIFIED):
        return answer(asked, login_failure(idp_services().identity, asked, "InvalidNameIDPolicy"))
    visit = None if asked.force_authn else idp_services().visit
    if visit and "switch" not in request.args:
        return admit(asked, visit)
    if asked.is_passive:
        return answer(asked, login_failure(idp_services().identity, asked, "NoPassive"))
    return make_response(render_template("devidp/choose.html", asked=asked, groups=offered(asked.provider.slug)))


@blueprint.post("/sso")
def chosen() -> Response:
    """Log the browser in as the chosen person, or say that nobody wanted to be anybody."""
    require_own_page()
    asked = login_request()
    if "nobody" in request.form:
        return answer(asked, login_failure(idp_services().identity, asked, "AuthnFailed"))
    person = person_called(request.form.get("person", ""))
    if person is None:
        raise SamlMessageRefused("no-such-person", "There is no such sample person. Please choose one from the list.")
    log.warning("Somebody logs in as %s, without any proof", person.username)
    idp_services().visits.forget(idp_services().handle)
    handle, visit = idp_services().visits.begin(person)
    response = admit(asked, visit)
    keep(response, handle)
    return response


@blueprint.post("/forget")
def switch() -> Response:
    """Forget who is logged in here, without telling anybody: the next login asks anew."""
    require_own_page()
    idp_services().visits.forget(idp_services().handle)
    response = see_other("/")
    forget(response)
    return response


@blueprint.app_errorhandler(SamlMessageRefused)
def refused(fault: SamlMessageRefused) -> Response:
    """Say what is wrong with a message. Nothing of it is shown, and nobody is sent anywhere."""
    log.warning("A message was refused code=%s", fault.code)
    return make_response(render_template("devidp/refused.html", fault=fault), HTTPStatus.BAD_REQUEST)


def login_request() -> ReceivedLoginRequest:
    """Judge the login request in the present address: at the page of choice, and again when somebody has chosen."""
    return idp_services().judge.login_request(read_query(request.query_string))


def admit(asked: ReceivedLoginRequest, visit: IdpLogin) -> Response:
    """Send the browser back, logged in."""
    visit.told[asked.provider.entity_id] = asked.provider
    return answer(asked, login_response(idp_services().identity, asked, visit.facts), visit.person)


def answer(asked: ReceivedLoginRequest, message: str, person: SamplePerson | None = None) -> Response:
    """The page that posts an answer to the service provider, by itself or with a button (bindings 3.5)."""
    page = render_template(
        "devidp/send.html", asked=asked, message=message, person=person, query=request.query_string.decode("latin-1")
    )
    return make_response(page)


def require_own_page() -> None:
    """Only a form of ours changes who is logged in here, so that no other page logs a developer in as somebody."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        abort(HTTPStatus.FORBIDDEN)
    if request.headers.get("Origin", "null") not in (request.host_url.rstrip("/"), "null"):
        abort(HTTPStatus.FORBIDDEN)
