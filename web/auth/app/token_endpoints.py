"""The endpoints of the app's login: tokens for a grant, the end of a login, and who is logged in.

The docstrings are the reference of these endpoints: the OpenAPI document is made from them.
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
from web.middleware.outage_answers import problem_of
from web.middleware.response_headers import PRIVATE
from web.permissions import Permission, needs, takes
from web.problem_details import NO_IMPLEMENTATION, HttpProblem
from web.session_address import checked_implementation

log = logging.getLogger(__name__)

blueprint = Blueprint("app_tokens", __name__, url_prefix="/api/v1/implementations/<implementation>/auth")

NO_LOGIN = {"WWW-Authenticate": 'Bearer error="invalid_token"', **dict(PRIVATE)}


@blueprint.post("/token")
@needs(Permission.ANYONE)
@takes(cross_site=True)
def token(implementation: str) -> Response:
    """Issue tokens for a grant (RFC 6749).

    The body is a form, or a JSON object whose values are all strings. `grant_type` is `authorization_code` (with `code`, `redirect_uri`,
    `code_verifier`), `refresh_token` (with `refresh_token`), or, where External Authentication offers it,
    `urn:ietf:params:oauth:grant-type:jwt-bearer` (with `assertion`), `urn:ietf:params:oauth:grant-type:token-exchange`
    (with `subject_token`, `subject_token_type`) or `urn:x-session-status:grant-type:password` (with `username`,
    `password`). Cookies and the Authorization header are ignored.

    Errors have the format of RFC 6749, not problem details: `invalid_grant` means that the person must log in again;
    `detail`, if present, is a text for the person. A refresh token works once: the response contains the next one. The
    same request within 20 seconds gets the same response; a later reuse ends the whole login.
    """
    try:
        _check_known(implementation)
        return app_grants.answer(implementation)
    except oauth_responses.OAuthError as refused:
        return oauth_responses.refused(refused)
    except (StoreAway, DatabaseUnavailable) as error:
        problem = problem_of(error)
        away = oauth_responses.OAuthError(
            "temporarily_unavailable",
            "The store or the database does not answer at the moment.",
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            retry_after=int(problem.headers["Retry-After"]),
            more={"reference": problem.members["reference"]},
        )
        return oauth_responses.refused(away)


@blueprint.post("/revoke")
@needs(Permission.ANYONE)
@takes(cross_site=True)
def revoke(implementation: str) -> Response:
    """End the login of an access or refresh token (RFC 7009). All its tokens stop working at once.

    The body is a form, or a JSON object, with `token`. The answer is 200 for any token, including an unknown one. A
    request without a token ends nothing and gets the error `invalid_request`.
    """
    try:
        token = app_grants.field_of(app_grants.fields_of(request), "token")
    except oauth_responses.OAuthError as refused:
        return oauth_responses.refused(refused)
    if AuthServices.here().store.tokens.revoke(implementation, token):
        log.info("app login ended by its app implementation=%s", implementation)
    return Response(status=HTTPStatus.OK, headers=oauth_responses.NO_STORE)


@blueprint.get("/session")
@needs(Permission.ANYONE)
def session(implementation: str) -> Response:
    """Return who is logged in, with which roles, and when this credential expires.

    The credential is a bearer token or the login cookie. The roles are the current ones. 401 without a valid login.
    """
    checked_implementation(implementation)
    services = AuthServices.here()
    visitor = visitor_of(implementation, services.logins)
    if visitor is NoLogin.MISSING:
        raise _no_login('Bearer realm="session-status"')
    if isinstance(visitor, NoLogin) or not services.logins.is_active(visitor):
        raise _no_login()
    found = _described(services, visitor)
    if found is None:
        raise _no_login()
    return oauth_responses.answer(HTTPStatus.OK, found)


def _described(services: AuthServices, visitor: Visitor) -> dict[str, Any] | None:
    """Describe the person who is logged in; None if that person is no longer known, or is locked out."""
    with services.database.reading() as db:
        implementation = implementations.find(db, visitor.implementation)
        user = users.find(db, implementation, visitor.subject) if implementation else None
        if implementation is None or user is None or user.disabled_at is not None:
            return None
        if visitor.since < implementations.made_at(implementation):
            return None
        roles = grants.roles_of(db, implementation, user, visitor.source)
        who = {name: getattr(user, name) for name in user_fields.TEXTS}
    ends = datetime.fromtimestamp(services.logins.ends(request, visitor), UTC)
    return {
        "implementation": visitor.implementation,
        "user": {"id": visitor.subject, **who},
        "roles": sorted(roles),
        "expires_at": ends.isoformat(timespec="seconds"),
    }


def _no_login(challenge: str = "") -> HttpProblem:
    headers = {**NO_LOGIN, "WWW-Authenticate": challenge} if challenge else NO_LOGIN
    return HttpProblem(HTTPStatus.UNAUTHORIZED, "This credential is not a valid login.", headers=headers)


def _check_known(implementation: str) -> None:
    """Raise `OAuthError` if there is no such implementation."""
    with AuthServices.here().database.reading() as db:
        if implementations.find(db, implementation) is None:
            raise oauth_responses.OAuthError("invalid_request", NO_IMPLEMENTATION, status=HTTPStatus.NOT_FOUND)
