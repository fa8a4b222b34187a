"""The pages of External Authentication: the badge form, and the login on the organizer's own page.

The organizer's page posts its assertion from another site, so our cookie does not come with it. These steps bind the
login to the browser that requested it:

1. The browser starts a login: a nonce is stored with the hash of its cookie, and passed to the organizer's page.
2. An assertion is posted: it is checked, its nonce is used up, and the person is stored under a one-time handle.
3. The browser follows the redirect to `complete` with its cookie, which must be that of step 1.
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
from .login_methods import by_page, by_password, install, refusal_of, settings_of
from .refusals import ExternalLoginRefused

blueprint = Blueprint("external", __name__, url_prefix="/ext/<implementation>")

#: Sets up the services of the login methods together with their addresses.
blueprint.record_once(lambda state: install(state.app))

#: Seconds for filling in the form, or for logging in on the organizer's page.
OPEN_S: Final = 15 * 60
_FORM: Final = "external form"
_NONCE: Final = "external asked"

STALE: Final = "This page was open for too long. Please log in again."
NO_BADGE: Final = "Please fill in both fields."


@dataclass(frozen=True)
class BadgeFormState:
    """What the form shows again. It never contains the password."""

    state: str = ""
    username: str = ""
    error: str = ""
    reference: str = ""


NOTHING_TYPED: Final = BadgeFormState()


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Keep these responses out of caches, and their addresses out of the Referer header."""
    response.headers.setdefault("Cache-Control", "no-store")
    # With "no-referrer", the form would send no Origin, which the request checks need.
    if request.endpoint != "external.login":
        response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/login")
@needs(Permission.ANYONE)
def login(implementation: str) -> Response:
    """Show the badge form, redirect to the organizer's page (303), or say that the login is possible only in the app.

    `next`, `m` and `fresh` are as at the login address. 404 if External Authentication is not set up.
    """
    check_rate()
    opened = _offered_settings(checked_implementation(implementation))
    if opened.kind == "password":
        return _form(opened, journey_asked())
    if external.in_browser(opened.kind, opened.fields):
        return _to_organizer(opened, journey_asked())
    return Response(render_template("external/in_the_app.html", name=_name(implementation)), mimetype="text/html")


@blueprint.post("/login")
@needs(Permission.ANYONE)
def log_in(implementation: str) -> Response:
    """Handle the badge form: `username`, `password`, and `state`, which identifies where the login leads.

    303 if it worked. Otherwise the form is shown again with the error and the username: 400, 401, 403, 429
    (`Retry-After`), 502 or 503 (`Retry-After`).
    """
    check_rate()
    opened = _offered_settings(checked_implementation(implementation), "password")
    begun = AuthServices.here().store.pending_logins
    form = BadgeForm()
    state, username = form.state.data or "", form.username.data or ""
    stored = begun.look(_FORM, state)
    if stored is None or stored["implementation"] != implementation:
        return _form(opened, Journey(), BadgeFormState(username=username, error=STALE), HTTPStatus.BAD_REQUEST)
    journey = Journey(**stored["journey"])
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
    return _finish(person, journey)


@blueprint.post("/jwt")
@needs(Permission.ANYONE)
@takes(cross_site=True)
def posted(implementation: str) -> Response:
    """Handle the assertion that the organizer's page posts as `assertion`. Cookies are ignored: none comes with it.

    303 to the completion; the page for a failed login otherwise.
    """
    check_rate()
    opened = _offered_settings(checked_implementation(implementation), "jwt")
    tokens = request.form.getlist("assertion")
    token = tokens[0] if len(tokens) == 1 else ""
    try:
        person, stored = by_page(opened, token, lambda nonce: _use_nonce(implementation, nonce))
    except ExternalLoginRefused as refused:
        return refusals.login_page(refusal_of(implementation, refused))
    proved = ProvedLogin(person, stored["browser"], Journey(**stored["journey"]))
    handle = LoginStates(AuthServices.here().store).put_proved_login(proved)
    return see_other(f"/ext/{implementation}/complete?{urlencode({'o': handle})}")


@blueprint.get("/complete")
@needs(Permission.ANYONE)
def complete(implementation: str) -> Response:
    """Complete a login in the browser that started it (303)."""
    services = AuthServices.here()
    states = LoginStates(services.store)
    handle = request.args.get("o", "")
    proved = states.find_proved_login(checked_implementation(implementation), handle)
    if proved is None:
        return refusals.login(refusals.Refusal(implementation, "nobody arrived"))
    if not LoginBrowser(secure=services.config.secure).is_same_browser(proved.browser):
        return refusals.login(refusals.Refusal(implementation, "another browser", user=proved.person.subject))
    if not states.take_proved_login(handle):
        return refusals.login(refusals.Refusal(implementation, "arrived before", user=proved.person.subject))
    return _finish(proved.person, proved.journey)


# -- parts --------------------------------------------------------------------------------------------------------


def _offered_settings(implementation: str, kind: str | None = None) -> OpenedExternalAuth:
    try:
        return settings_of(implementation, kind)
    except ExternalLoginRefused as refused:
        raise HttpProblem(refused.status, refused.text) from None


def _name(implementation: str) -> str:
    services = AuthServices.here()
    with services.database.reading() as db:
        found = implementations.find(db, implementation)
        return found.name if found else implementation


def _to_organizer(opened: OpenedExternalAuth, journey: Journey) -> Response:
    """Redirect the browser to the organizer's page, with a nonce that the assertion for this browser must contain."""
    services = AuthServices.here()
    browser = LoginBrowser(secure=services.config.secure)
    value, hashed = browser.mark()
    stored = {"implementation": opened.implementation, "browser": hashed, "journey": journey.stored()}
    nonce = services.store.pending_logins.put(_NONCE, stored, OPEN_S, origin())
    back = services.config.absolute(f"/ext/{opened.implementation}/jwt")
    url: str = opened.fields["login_url"]
    joint = "&" if urlsplit(url).query else "?"
    response = see_other(f"{url}{joint}{urlencode({'nonce': nonce, 'return_to': back})}")
    browser.keep(response, value)
    return response


def _use_nonce(implementation: str, nonce: str | None) -> dict[str, Any]:
    """Use up a nonce. Raises `ExternalLoginRefused` if it is unknown, was used before, or belongs to another implementation."""
    stored = AuthServices.here().store.pending_logins.take(_NONCE, nonce) if nonce else None
    if stored is None or stored["implementation"] != implementation:
        raise ExternalLoginRefused("nonce")
    return stored


def _finish(person: AuthenticatedPerson, journey: Journey) -> Response:
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
    stored = {"implementation": opened.implementation, "journey": journey.stored()}
    state = typed.state or AuthServices.here().store.pending_logins.put(_FORM, stored, OPEN_S, origin())
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
