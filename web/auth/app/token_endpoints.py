"""What the app itself asks about its login: tokens for a proof, the end of a login, and who is logged in.

The docstrings are the reference of these endpoints; the OpenAPI document is made from them.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, request

from records import DatabaseUnavailable
from records.people import grants, user_fields, users
from records.tenants import implementations
from runner.logins import StoreAway
from web.auth.app import oauth_responses
from web.auth.app import token_grants as app_grants
from web.auth.logins import NoLogin, Visitor, visitor_of
from web.auth.services import AuthServices
from web.middleware.outage_answers import fault_of
from web.middleware.response_headers import PRIVATE
from web.permissions import Permission, needs, takes
from web.problem_details import NO_IMPLEMENTATION, HttpProblem
from web.session_address import checked_implementation

log = logging.getLogger(__name__)

blueprint = Blueprint("app_tokens", __name__, url_prefix="/api/v1/implementations/<implementation>/auth")

NO_LOGIN = {"WWW-Authenticate": 'Bearer error="invalid_token"', **dict(PRIVATE)}


@blueprint.post("/token")
@needs(Permission.ANYONE)
@takes(from_elsewhere=True)
def token(implementation: str) -> Response:
    """Give tokens for a proof of who asks (RFC 6749).

    The body is a form, or a JSON object of texts. `grant_type` is `authorization_code` (with `code`, `redirect_uri`,
    `code_verifier`), `refresh_token` (with `refresh_token`), or, where External Authentication offers it,
    `urn:ietf:params:oauth:grant-type:jwt-bearer` (with `assertion`), `urn:ietf:params:oauth:grant-type:token-exchange`
    (with `subject_token`, `subject_token_type`) or `urn:x-session-status:grant-type:password` (with `username`,
    `password`). No cookie and no Authorization header is looked at.

    Errors are as RFC 6749 has them, not problem details: `invalid_grant` means that the person logs in again; `detail`,
    if it is there, is for the person. A refresh token is good once: the answer has the next one. The same request
    within 20 seconds gets the same answer; used later, the whole login ends.
    """
    try:
        _check_known(implementation)
        return app_grants.answer(implementation)
    except oauth_responses.OAuthError as refused:
        return oauth_responses.refused(refused)
    except (StoreAway, DatabaseUnavailable) as error:
        fault = fault_of(error)
        away = oauth_responses.OAuthError(
            "temporarily_unavailable",
            "The store or the database does not answer at the moment.",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            retry_after=int(fault.headers["Retry-After"]),
            more={"reference": fault.members["reference"]},
        )
        return oauth_responses.refused(away)


@blueprint.post("/revoke")
@needs(Permission.ANYONE)
@takes(from_elsewhere=True)
def revoke(implementation: str) -> Response:
    """End the login to which an access or refresh token belongs (RFC 7009): all its tokens are worth nothing at once.

    The body is a form, or a JSON object, with `token`. 200 whatever the token is, also for one that is not known. A
    request without a token ends nothing, and says so: `invalid_request`.
    """
    try:
        token = app_grants.field_of(app_grants.fields_of(request), "token")
    except oauth_responses.OAuthError as refused:
        return oauth_responses.refused(refused)
    if AuthServices.here().store.tokens.revoke(implementation, token):
        log.info("app login ended by its app implementation=%s", implementation)
    return Response(status=HTTPStatus.OK, headers=oauth_responses.NEVER_KEPT)


@blueprint.get("/session")
@needs(Permission.ANYONE)
def session(implementation: str) -> Response:
    """Say who is logged in, with which roles, and until when this credential is good.

    The credential is a bearer token or the login cookie. Roles are as they are now. 401 without a login that counts.
    """
    checked_implementation(implementation)
    entrance = AuthServices.here()
    visitor = visitor_of(implementation, entrance.logins)
    if visitor is NoLogin.MISSING:
        raise _no_login('Bearer realm="session-status"')
    if isinstance(visitor, NoLogin) or not entrance.logins.standing(visitor):
        raise _no_login()
    found = _described(entrance, visitor)
    if found is None:
        raise _no_login()
    return oauth_responses.answer(HTTPStatus.OK, found)


def _described(entrance: AuthServices, visitor: Visitor) -> dict[str, Any] | None:
    """Return what is known of who is logged in; None for somebody who is not known any more, or locked out."""
    with entrance.database.reading() as db:
        implementation = implementations.find(db, visitor.implementation)
        user = users.find(db, implementation, visitor.subject) if implementation else None
        if implementation is None or user is None or user.disabled_at is not None:
            return None
        if visitor.since < implementations.made_at(implementation):
            return None
        roles = grants.roles_of(db, implementation, user, visitor.source)
        who = {name: getattr(user, name) for name in user_fields.TEXTS}
    ends = datetime.fromtimestamp(entrance.logins.ends(request, visitor), UTC)
    return {
        "implementation": visitor.implementation,
        "user": {"id": visitor.subject, **who},
        "roles": sorted(roles),
        "expires_at": ends.isoformat(timespec="seconds"),
    }


def _no_login(challenge: str = "") -> HttpProblem:
    headers = {**NO_LOGIN, "WWW-Authenticate": challenge} if challenge else NO_LOGIN
    return HttpProblem(HTTPStatus.UNAUTHORIZED, "Nobody is logged in with this credential.", headers=headers)


def _check_known(implementation: str) -> None:
    """Raise `Refused` for an implementation that nobody knows."""
    with AuthServices.here().database.reading() as db:
        if implementations.find(db, implementation) is None:
            raise oauth_responses.OAuthError("invalid_request", NO_IMPLEMENTATION, status=HTTPStatus.NOT_FOUND)
