"""The login address of an implementation, and logging out. Everything that says "log in" links here."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, render_template, request

from records import DbSession, Implementation
from records.identity import external_auth as external
from records.identity.ineffective_grants import login_methods_of
from records.people import users
from records.tenants import implementations
from web.auth.login_steps.admission import Journey, journey_asked
from web.auth.login_steps.leave_page import away
from web.auth.login_steps.typed_ids import to_written
from web.auth.logins import Visitor
from web.auth.saml import logout_flow
from web.auth.services import AuthServices
from web.permissions import Permission, needs
from web.problem_details import NO_IMPLEMENTATION, HttpProblem
from web.redirects import local_path, see_other
from web.session_address import checked_implementation

blueprint = Blueprint("ways", __name__)

NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True)
class WayIn:
    """A way in as the login address offers it: where it begins, below the implementation, and the words of its button."""

    address: str
    label: str


SAML = WayIn("/saml/{}/login", "Log in with your organization’s account")  # noqa: RUF001 - typography for people
EXTERNAL = WayIn("/ext/{}/login", "Log in with your registration")


@dataclass(frozen=True)
class LoginOptions:
    """The ways in of an implementation that a browser can be led to. The first is also for a step-up."""

    name: str
    ways: tuple[WayIn, ...]


@blueprint.get("/login/<implementation>")
@needs(Permission.ANYONE)
def choose(implementation: str) -> Response:
    """Lead to the implementation's way in, or let the person choose between two.

    `next`: the local path to come back to; `m`: the handle of an app's start; `fresh=1`: prove again who you are;
    `switch=1`: log in although somebody is logged in, maybe as another. 200 with a page, or 303 to the only way in, or to the id as it is written. 404 for an
    implementation that nobody knows.
    """
    checked_implementation(implementation)
    written = to_written(implementation)
    if written:
        return written
    entrance = AuthServices.here()
    journey = journey_asked()
    with entrance.database.reading() as db:
        found = _implementation(db, implementation)
        ways = login_options_of(db, found)
        visitor = None if _wants_to_log_in(journey) else _present(entrance, implementation)
        person = users.find(db, found, visitor.subject) if visitor else None
    if person:
        name = f"{person.first_name} {person.last_name}".strip() or person.username or person.subject
        return _page("ways/present.html", ways, implementation, journey, person=name, home=_home(visitor))
    if len(ways.ways) == 1 or (ways.ways and journey.fresh):  # only staff step up, and they have SAML only
        return see_other(journey.address(ways.ways[0].address.format(implementation)))
    return _page("ways/choose.html" if ways.ways else "ways/none.html", ways, implementation, journey)


@blueprint.post("/logout/<implementation>")
@needs(Permission.ANYONE)
def log_out(implementation: str) -> Response:
    """End the login of this browser, then at the provider if it can do that.

    Our own login ends first, whatever the provider does afterwards. `next`: the local path to go to in the end. 303 to
    it or to the page that says so; 200 with a page that leads on to the provider.
    """
    checked_implementation(implementation)
    entrance = AuthServices.here()
    onward = local_path(request.form.get("next", "")) or f"/login/{implementation}/out"
    visitor = entrance.logins.visitor(request)
    address = None
    if visitor is not None and visitor.login:
        entrance.store.ended.end(visitor.login)
        address = logout_flow.begin(entrance, visitor, onward) if visitor.implementation == implementation else None
    # A form may not lead to other sites (Content-Security-Policy), but a page may.
    response = away(address) if address else see_other(onward)
    entrance.logins.forget(response)
    return response


@blueprint.get("/login/<implementation>/out")
@needs(Permission.ANYONE)
def out(implementation: str) -> Response:
    """Say that this browser is logged out, or that it is not."""
    checked_implementation(implementation)
    entrance = AuthServices.here()
    with entrance.database.reading() as db:
        ways = login_options_of(db, _implementation(db, implementation))
    present = _present(entrance, implementation) is not None
    return _page("ways/out.html", ways, implementation, Journey(), still_in=present)


def login_options_of(db: DbSession, implementation: Implementation) -> LoginOptions:
    """Return the ways in of an implementation. What only the app can use is offered only if there is nothing else."""
    methods = login_methods_of(db, implementation)
    ways = [SAML] if methods.saml else []
    other = methods.external
    if other is not None and (not ways or external.in_browser(other.kind, other.fields)):
        ways.append(EXTERNAL)
    return LoginOptions(implementation.name, tuple(ways))


def _wants_to_log_in(journey: Journey) -> bool:
    return journey.fresh or journey.switch or bool(journey.app)


def _present(entrance: AuthServices, implementation: str) -> Visitor | None:
    """Return who is logged in to this implementation with this browser."""
    visitor = entrance.logins.visitor(request)
    if visitor is None or visitor.implementation != implementation or not entrance.logins.standing(visitor):
        return None
    return visitor


def _home(visitor: Visitor | None) -> str:
    return "/console/" if visitor and visitor.implementation == implementations.STAFF else ""


def _implementation(db: DbSession, slug: str) -> Implementation:
    found = implementations.find(db, slug)
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
    return found


def _page(template: str, ways: LoginOptions, implementation: str, journey: Journey, **more: object) -> Response:
    links: dict[str, object] = {
        "choices": [(way.label, journey.address(way.address.format(implementation))) for way in ways.ways],
        "switch_way": journey.address(f"/login/{implementation}"),
    }
    page = render_template(template, ways=ways, implementation=implementation, journey=journey, **links, **more)
    return Response(page, mimetype="text/html", headers=NO_STORE)
