"""The login address of an implementation, which every "log in" link leads to, and logging out."""

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
from web.auth.login_steps.leave_page import leave_page
from web.auth.login_steps.typed_ids import redirect_to_canonical_id
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
    """Redirect to the login method of the implementation, or let the person choose between two.

    `next`: the local path to return to; `m`: the handle of an app's login; `fresh=1`: authenticate again; `switch=1`: log
    in although a person is logged in, perhaps as another person. 200 with a page, or 303 to the only login method or to
    the correct spelling of the id. 404 for an unknown implementation.
    """
    checked_implementation(implementation)
    redirection = redirect_to_canonical_id(implementation)
    if redirection:
        return redirection
    services = AuthServices.here()
    journey = journey_asked()
    with services.database.reading() as db:
        found = _implementation(db, implementation)
        ways = login_options_of(db, found)
        visitor = None if _wants_to_log_in(journey) else _present(services, implementation)
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
    """End the login of this browser, and then at the provider if it supports that.

    Our own login ends first, whatever the provider does. `next`: the local path to go to afterwards. 303 to that path or
    to the page that confirms the logout; 200 with a page that continues to the provider.
    """
    checked_implementation(implementation)
    services = AuthServices.here()
    next_path = local_path(request.form.get("next", "")) or f"/login/{implementation}/out"
    visitor = services.logins.visitor(request)
    address = None
    if visitor is not None and visitor.login:
        services.store.ended_logins.end(visitor.login)
        address = logout_flow.begin(services, visitor, next_path) if visitor.implementation == implementation else None
    # The Content-Security-Policy does not let a form lead to another site, but a page may.
    response = leave_page(address) if address else see_other(next_path)
    services.logins.forget(response)
    return response


@blueprint.get("/login/<implementation>/out")
@needs(Permission.ANYONE)
def out(implementation: str) -> Response:
    """Show whether this browser is logged out."""
    checked_implementation(implementation)
    services = AuthServices.here()
    with services.database.reading() as db:
        ways = login_options_of(db, _implementation(db, implementation))
    present = _present(services, implementation) is not None
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


def _present(services: AuthServices, implementation: str) -> Visitor | None:
    """Return the active login of this browser to this implementation; None if there is none."""
    visitor = services.logins.visitor(request)
    if visitor is None or visitor.implementation != implementation or not services.logins.is_active(visitor):
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
