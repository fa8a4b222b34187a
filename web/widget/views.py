"""The widget page, for the app's web view. It works without script; the module on it only makes it quicker."""

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

#: A tint's address says all about it, so it never changes.
FOR_EVER = "public, max-age=31536000, immutable"


@blueprint.get("/<implementation>/sessions/<session_id>")
@needs(Permission.ANYONE)
def show(implementation: str, session_id: str) -> Response:
    """Show the status of a session as a page which the app's web view can display.

    The page keeps itself right: it asks again when it is shown again, when the user comes back from the message's link,
    and when the server says that the answer may have changed. A hidden status takes no room. While the store or the
    database is away, the page says so with 503, and asks again by itself.
    """
    counter = StatusEndpointServices.here()
    place = SessionAddress.named(implementation, session_id)
    try:
        drawing = _drawing(counter, place)
    except (StoreAway, DatabaseUnavailable) as error:
        return _away(place, error)
    response = Response(_page(place, drawing), mimetype="text/html")
    response.headers.extend(PRIVATE)
    return response


@blueprint.post("/<implementation>/sessions/<session_id>")
@needs(Permission.ANYONE)
@takes(form_token=False)  # it asks for a newer answer, which hurts nobody; the page stays without cookies of its own
def check_again(implementation: str, session_id: str) -> Response:
    """Check again as after a return, then show the page."""
    counter = StatusEndpointServices.here()
    place = SessionAddress.named(implementation, session_id)
    try:
        who = counter.who(place)
        if isinstance(who, Visitor):
            counter.returned(place, who)
    except LoginEnded:  # the page says so
        pass
    except (StoreAway, DatabaseUnavailable) as error:
        return _away(place, error)
    return see_other(place.widget_path)


@blueprint.get("/tints/<color>.css")
@needs(Permission.ANYONE)
def tint(color: str) -> Response:
    """Give a message's colour to the page, with its partner for dark mode."""
    if not is_colour(f"#{color}"):
        raise HttpProblem(HTTPStatus.NOT_FOUND, "A colour is six hexadecimal digits in lower case.")
    return Response(style_sheet(f"#{color}"), mimetype="text/css", headers={"Cache-Control": FOR_EVER})


def _drawing(counter: StatusEndpointServices, place: SessionAddress) -> RenderedStatus:
    who = counter.who(place)
    if isinstance(who, Visitor):
        try:
            status = counter.ask(place, who, counter.wait_s())
        except LoginEnded:
            return draw_login(place.login_path)
        return draw(status, place.login_path, datetime.now(UTC))
    if who is NoLogin.MISSING:
        counter.check_exists(place)
    return draw_login(place.login_path)


def _away(place: SessionAddress, error: StoreAway | DatabaseUnavailable) -> Response:
    problem = problem_of(error)
    drawing = draw_unavailable(problem.members["reference"], int(problem.headers["Retry-After"]))
    response = Response(_page(place, drawing), HTTPStatus.SERVICE_UNAVAILABLE, problem.headers, mimetype="text/html")
    response.headers.extend(PRIVATE)
    return response


def _page(place: SessionAddress, drawing: RenderedStatus) -> str:
    again_path = url_for("widget.check_again", implementation=place.implementation, session_id=place.session)
    return render_template("widget/show.html", drawing=drawing, again_path=again_path)
