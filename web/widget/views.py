"""The widget page, for the app's web view. It works without JavaScript; `widget.js` only makes it quicker."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus

from flask import Blueprint, Response, render_template, url_for

from records import DatabaseUnavailable
from records.colours import is_colour
from runner.status.service import LoginEnded, StoreAway
from web.auth.logins import NoLogin, Visitor
from web.middleware.outage_answers import problem_of
from web.middleware.response_headers import PRIVATE
from web.permissions import Permission, needs, takes
from web.problem_details import HttpProblem
from web.redirects import see_other
from web.session_address import SessionAddress
from web.status.services import StatusEndpointServices
from web.widget.colour_stylesheet import style_sheet
from web.widget.rendering import RenderedStatus, draw, draw_login, draw_unavailable

blueprint = Blueprint("widget", __name__, url_prefix="/widget")

#: The address of a tint contains its colour, so its content never changes.
FOR_EVER = "public, max-age=31536000, immutable"

#: States beside which the link to the person's own attendance stands: somebody is logged in, and something is shown.
WITH_OWN = frozenset({"ready", "checking"})


@blueprint.get("/<implementation>/sessions/<session_id>")
@needs(Permission.ANYONE)
def show(implementation: str, session_id: str) -> Response:
    """Show the status of a session as a page that the app's web view can display.

    The page keeps itself up to date: it asks again when it is shown again, when the user comes back from the message's
    link, and when the server says that the answer may have changed. A hidden status takes no space. While the store or
    the database does not answer, the page says so with 503, and asks again by itself.
    """
    services = StatusEndpointServices.here()
    session = SessionAddress.named(implementation, session_id)
    try:
        drawing = _drawing(services, session)
        own_path = _own_path(services, session) if drawing.state in WITH_OWN else ""
    except (StoreAway, DatabaseUnavailable) as error:
        return _away(session, error)
    response = Response(_page(session, drawing, own_path), mimetype="text/html")
    response.headers.extend(PRIVATE)
    return response


@blueprint.post("/<implementation>/sessions/<session_id>")
@needs(Permission.ANYONE)
@takes(form_token=False)  # it only asks for a newer answer, which does no harm; the page sets no cookie
def check_again(implementation: str, session_id: str) -> Response:
    """Check again as after a return, then show the page."""
    services = StatusEndpointServices.here()
    session = SessionAddress.named(implementation, session_id)
    try:
        who = services.who(session)
        if isinstance(who, Visitor):
            services.returned(session, who)
    except LoginEnded:  # the page then offers the login
        pass
    except (StoreAway, DatabaseUnavailable) as error:
        return _away(session, error)
    return see_other(session.widget_path)


@blueprint.get("/tints/<color>.css")
@needs(Permission.ANYONE)
def tint(color: str) -> Response:
    """Give the style sheet of a message's colour, with the colour for dark mode."""
    if not is_colour(f"#{color}"):
        raise HttpProblem(HTTPStatus.NOT_FOUND, "A colour is six hexadecimal digits in lower case.")
    return Response(style_sheet(f"#{color}"), mimetype="text/css", headers={"Cache-Control": FOR_EVER})


def _drawing(services: StatusEndpointServices, session: SessionAddress) -> RenderedStatus:
    who = services.who(session)
    if isinstance(who, Visitor):
        try:
            status = services.ask(session, who, services.wait_s())
        except LoginEnded:
            return draw_login(session.login_path)
        return draw(status, session.login_path, datetime.now(UTC))
    if who is NoLogin.MISSING:
        services.check_exists(session)
    return draw_login(session.login_path)


def _away(session: SessionAddress, error: StoreAway | DatabaseUnavailable) -> Response:
    problem = problem_of(error)
    drawing = draw_unavailable(problem.members["reference"], int(problem.headers["Retry-After"]))
    response = Response(_page(session, drawing), HTTPStatus.SERVICE_UNAVAILABLE, problem.headers, mimetype="text/html")
    response.headers.extend(PRIVATE)
    return response


def _own_path(services: StatusEndpointServices, session: SessionAddress) -> str:
    if not services.status_service.shows_own_attendance(session.implementation):
        return ""
    return url_for("own_attendance.show", implementation=session.implementation, session=session.session)


def _page(session: SessionAddress, drawing: RenderedStatus, own_path: str = "") -> str:
    again_path = url_for("widget.check_again", implementation=session.implementation, session_id=session.session)
    return render_template("widget/show.html", drawing=drawing, again_path=again_path, own_path=own_path)
