"""The pages of External Authentication: the badge form, and the way over the organizer's own page.

The organizer's page posts its assertion here from another site, so no cookie of ours comes with it. The steps which
make it the login of the browser that asked, and of no other:

1. The browser asks: a nonce is made, kept with the hash of its cookie, and sent along to the organizer's page.
2. An assertion is posted: it is checked, its nonce is used up, and who it proves waits under a one-time handle.
3. The browser follows to `complete`, now with its cookie, which must be the one of step 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, render_template, request

from records import OpenedExternalAuth
from records.identity import external_auth as external
from records.people import badge_id
from records.tenants import implementations
from web.auth.login_steps import refusals
from web.auth.login_steps.admission import AuthenticatedPerson, Journey, NotAdmitted, arrive, journey_asked
from web.auth.login_steps.login_states import LoginBrowser, LoginStates, ProvedLogin
from web.auth.login_steps.rate_limits import check_rate, origin
from web.auth.services import AuthServices
from web.permissions import Permission, needs, takes
from web.problem_details import HttpProblem
from web.redirects import see_other
from web.session_address import checked_implementation

from .badge_form import BadgeForm
from .login_methods import by_page, by_password, install, refusal_to_keep, settings_of
from .refusals import ExternalLoginRefused

blueprint = Blueprint("external", __name__, url_prefix="/ext/<implementation>")

#: The ways in need their desk as soon as there are addresses for them.
blueprint.record_once(lambda state: install(state.app))

#: Seconds for finding the badge and typing what is on it, or for logging in at the organizer's page.
OPEN_S: Final = 15 * 60
_FORM: Final = "external form"
_ASKED: Final = "external asked"

STALE: Final = "This page was open for too long. Please log in again."
NO_BADGE: Final = "Please fill in both fields."


@dataclass(frozen=True)
class BadgeFormState:
    """What the form shows again: never the password."""

    state: str = ""
    username: str = ""
    error: str = ""
    reference: str = ""


NOTHING_TYPED: Final = BadgeFormState()


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Nobody remembers these answers, and the next site does not learn their addresses."""
    response.headers.setdefault("Cache-Control", "no-store")
    if request.endpoint != "external.login":  # a form under "no-referrer" loses its Origin, which the gate asks for
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/login")
@needs(Permission.ANYONE)
def login(implementation: str) -> Response:
    """Show the badge form, or lead to the organizer's page (303), or say that the app logs in.

    `next`, `m` and `fresh` as at the login address. 404 where nothing of this kind is offered.
    """
    check_rate()
    opened = _offered(checked_implementation(implementation))
    if opened.kind == "password":
        return _form(opened, journey_asked())
    if external.in_browser(opened.kind, opened.fields):
        return _to_organizer(opened, journey_asked())
    return Response(render_template("external/in_the_app.html", name=_name(implementation)), mimetype="text/html")


@blueprint.post("/login")
@needs(Permission.ANYONE)
def log_in(implementation: str) -> Response:
    """Take the badge form: `username`, `password`, and `state`, which remembers where the login leads.

    303 onward. The form again with what was wrong, and with what was typed except the password: 400, 401, 403, 429
    (`Retry-After`), 502, 503 (`Retry-After`).
    """
    check_rate()
    opened = _offered(checked_implementation(implementation), "password")
    begun = AuthServices.here().store.begun
    form = BadgeForm()
    state, username = form.state.data or "", form.username.data or ""
    kept = begun.look(_FORM, state)
    if kept is None or kept["implementation"] != implementation:
        return _form(opened, Journey(), BadgeFormState(username=username, error=STALE), HTTPStatus.BAD_REQUEST)
    journey = Journey(**kept["journey"])
    password = form.password.data or ""
    if not badge_id.normalised(username) or not password.strip():
        return _form(opened, journey, BadgeFormState(state, username, NO_BADGE), HTTPStatus.BAD_REQUEST)
    try:
        person = by_password(implementation, username, password, request.remote_addr or "")
    except ExternalLoginRefused as refused:
        response = _form(
            opened, journey, BadgeFormState(state, username, refused.text, refused.reference), refused.status
        )
        if refused.retry_after:
            response.headers["Retry-After"] = str(refused.retry_after)
        return response
    begun.take(_FORM, state)
    return _arrived(person, journey)


@blueprint.post("/jwt")
@needs(Permission.ANYONE)
@takes(from_elsewhere=True)
def posted(implementation: str) -> Response:
    """Take the assertion which the organizer's page posts as `assertion`. It looks at no cookie: none comes with it.

    303 to the completion; the one page of a login that did not work for everything else.
    """
    check_rate()
    opened = _offered(checked_implementation(implementation), "jwt")
    tokens = request.form.getlist("assertion")
    token = tokens[0] if len(tokens) == 1 else ""
    try:
        person, asked = by_page(opened, token, lambda nonce: _taken(implementation, nonce))
    except ExternalLoginRefused as refused:
        return refusals.login_page(refusal_to_keep(implementation, refused))
    arrived = ProvedLogin(person, asked["browser"], Journey(**asked["journey"]))
    handle = LoginStates(AuthServices.here().store).put_arrived(arrived)
    return see_other(f"/ext/{implementation}/complete?{urlencode({'o': handle})}")


@blueprint.get("/complete")
@needs(Permission.ANYONE)
def complete(implementation: str) -> Response:
    """Finish a login in the browser which asked for it (303)."""
    entrance = AuthServices.here()
    states = LoginStates(entrance.store)
    handle = request.args.get("o", "")
    arrived = states.look_arrived(checked_implementation(implementation), handle)
    if arrived is None:
        return refusals.login(refusals.Refusal(implementation, "nobody arrived"))
    if not LoginBrowser(secure=entrance.config.secure).is_the_one(arrived.browser):
        return refusals.login(refusals.Refusal(implementation, "another browser", user=arrived.person.subject))
    if not states.take_arrived(handle):
        return refusals.login(refusals.Refusal(implementation, "arrived before", user=arrived.person.subject))
    return _arrived(arrived.person, arrived.journey)


# -- parts --------------------------------------------------------------------------------------------------------


def _offered(implementation: str, kind: str | None = None) -> OpenedExternalAuth:
    try:
        return settings_of(implementation, kind)
    except ExternalLoginRefused as refused:
        raise HttpProblem(refused.status, refused.text) from None


def _name(implementation: str) -> str:
    entrance = AuthServices.here()
    with entrance.database.reading() as db:
        found = implementations.find(db, implementation)
        return found.name if found else implementation


def _to_organizer(opened: OpenedExternalAuth, journey: Journey) -> Response:
    """Send the browser to the organizer's page, with a nonce that only an assertion for this browser can bring back."""
    entrance = AuthServices.here()
    browser = LoginBrowser(secure=entrance.config.secure)
    value, hashed = browser.mark()
    asked = {"implementation": opened.implementation, "browser": hashed, "journey": journey.stored()}
    nonce = entrance.store.begun.put(_ASKED, asked, OPEN_S, origin())
    back = entrance.config.absolute(f"/ext/{opened.implementation}/jwt")
    url: str = opened.fields["login_url"]
    joint = "&" if urlsplit(url).query else "?"
    response = see_other(f"{url}{joint}{urlencode({'nonce': nonce, 'return_to': back})}")
    browser.keep(response, value)
    return response


def _taken(implementation: str, nonce: str | None) -> dict[str, Any]:
    """Use a nonce up; raises `ExternalLoginRefused` for one which is not ours, is used up, or is another implementation's."""
    asked = AuthServices.here().store.begun.take(_ASKED, nonce) if nonce else None
    if asked is None or asked["implementation"] != implementation:
        raise ExternalLoginRefused("nonce")
    return asked


def _arrived(person: AuthenticatedPerson, journey: Journey) -> Response:
    try:
        return arrive(person, journey)
    except NotAdmitted as refused:
        return refusals.not_admitted(person.implementation, refused, journey)


def _form(
    opened: OpenedExternalAuth,
    journey: Journey,
    typed: BadgeFormState = NOTHING_TYPED,
    status: HTTPStatus = HTTPStatus.OK,
) -> Response:
    """Draw the badge form. What was typed comes back, except the password."""
    kept = {"implementation": opened.implementation, "journey": journey.stored()}
    state = typed.state or AuthServices.here().store.begun.put(_FORM, kept, OPEN_S, origin())
    page = render_template(
        "external/login.html",
        name=_name(opened.implementation),
        implementation=opened.implementation,
        form=BadgeForm.labelled(opened.fields, state=state, username=typed.username),
        error=typed.error,
        reference=typed.reference,
        next_path=journey.next,
    )
    return Response(page, status, mimetype="text/html")
