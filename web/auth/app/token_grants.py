"""From a request at the token endpoint to tokens: the five grants, each with its own proof.

The steps for every request:

1. The fields are a form (RFC 6749) or a flat JSON object of strings; no field occurs twice.
2. The rate limit is not exceeded.
3. The grant is supported, and all its fields are there.
4. The proof is valid: a code with its verifier, a refresh token, or a proof that External Authentication accepts.
5. The person is not locked out.

Cookies are ignored, so another site cannot act here in a person's name.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

from flask import Request, Response, request

from records.identity import saml_providers as saml
from records.people import users
from records.tenants import implementations
from runner.logins import AttemptDecision, TokenRefused, Visitor
from runner.logins.app_token_formats import login_of
from web.auth.app import rate_limits
from web.auth.app.oauth_responses import NEUTRAL, InvalidGrant, OAuthError, granted
from web.auth.external import login_methods
from web.auth.external.refusals import ExternalLoginRefused as NotLetIn
from web.auth.login_steps.admission import AuthenticatedPerson, NotAdmitted, admit
from web.auth.login_steps.refusals import Refusal, record
from web.auth.services import AuthServices

log = logging.getLogger(__name__)

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"  #: RFC 7523
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  #: RFC 8693  # noqa: S105 - no password
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - no password
PASSWORD = "urn:x-session-status:grant-type:password"  #: our own: checked by the registration vendor  # noqa: S105 - no password

Fields = Mapping[str, str]


def answer(implementation: str) -> Response:
    """Answer a token request. Raises `OAuthError` and `StoreAway`."""
    services = AuthServices.here()
    # 1.
    fields = fields_of(request)
    # 2.
    _check(rate_limits.count_for_address(services))
    # 3.
    grant = GRANTS.get(fields.get("grant_type", ""))
    if grant is None:
        raise OAuthError("unsupported_grant_type", "grant_type is missing or not supported.")
    return grant(services, implementation, fields)


def fields_of(http_request: Request) -> dict[str, str]:
    """Return the fields of a request. Raises `OAuthError`."""
    if http_request.mimetype == "application/x-www-form-urlencoded":
        if any(len(values) > 1 for values in http_request.form.to_dict(flat=False).values()):
            raise OAuthError("invalid_request", "A field occurs twice.")
        return http_request.form.to_dict()
    if http_request.mimetype == "application/json":
        return _from_json(http_request.get_data(cache=False))
    raise OAuthError("invalid_request", "The body must be a form (application/x-www-form-urlencoded).")


def _from_json(body: bytes) -> dict[str, str]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            raise ValueError("a name occurs twice")
        return found

    try:
        found = json.loads(body, object_pairs_hook=once)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise OAuthError("invalid_request", "The body must be a JSON object whose values are all strings.")
    return found


def _by_code(services: AuthServices, implementation: str, fields: Fields) -> Response:
    code = field_of(fields, "code")
    _check(rate_limits.count_for_login(services, code))
    http_request = {"redirect_uri": field_of(fields, "redirect_uri"), "verifier": field_of(fields, "code_verifier")}
    try:
        return granted(services.store.tokens.redeem(implementation, code, **http_request))
    except TokenRefused as refused:
        raise _not_granted(implementation, refused) from None


def _by_refresh(services: AuthServices, implementation: str, fields: Fields) -> Response:
    token = field_of(fields, "refresh_token")
    _check(rate_limits.count_for_login(services, login_of(token) or "unknown"))
    try:
        visitor, pair = services.store.tokens.refresh(implementation, token)
        _check_not_locked_out(services, visitor)
    except TokenRefused as refused:
        raise _not_granted(implementation, refused) from None
    return granted(pair)


def _check_not_locked_out(services: AuthServices, visitor: Visitor) -> None:
    """Raise `TokenRefused` if the person may no longer be logged in. Locking a person out also ends their logins; this checks again.

    If the person's identity provider was replaced, the person must log in at the new one. A login that is older than the
    implementation belongs to an earlier implementation with the same slug.
    """
    with services.database.reading() as db:
        found = implementations.find(db, visitor.implementation)
        user = users.find(db, found, visitor.subject) if found else None
        stays = user is not None and user.disabled_at is None
        stays = stays and found is not None and visitor.since >= implementations.made_at(found)
        if found and user and visitor.source == "saml":
            stays = stays and not saml.is_replaced(db, found, user)
    if not stays:
        services.store.ended_logins.end(visitor.login)
        raise TokenRefused("locked out", visitor.login)


def _by_assertion(services: AuthServices, implementation: str, fields: Fields) -> Response:
    assertion = field_of(fields, "assertion")
    return _admitted(services, implementation, lambda: login_methods.by_assertion(implementation, assertion))


def _by_introspection(services: AuthServices, implementation: str, fields: Fields) -> Response:
    token = field_of(fields, "subject_token")
    if fields.get("subject_token_type") != ACCESS_TOKEN:
        raise OAuthError("invalid_request", f"subject_token_type must be {ACCESS_TOKEN}.")
    return _admitted(services, implementation, lambda: login_methods.by_introspection(implementation, token))


def _by_password(services: AuthServices, implementation: str, fields: Fields) -> Response:
    username, password = field_of(fields, "username"), field_of(fields, "password")
    ip = request.remote_addr or ""
    return _admitted(
        services, implementation, lambda: login_methods.by_password(implementation, username, password, ip)
    )


def _admitted(services: AuthServices, implementation: str, prove: Callable[[], AuthenticatedPerson]) -> Response:
    """Admit a person who was authenticated by External Authentication, and issue the first tokens."""
    try:
        visitor = admit(prove())
    except NotLetIn as refused:
        raise _in_oauth(refused) from None
    except NotAdmitted as refused:
        refusal = Refusal(implementation, refused.code, HTTPStatus.BAD_REQUEST, NEUTRAL, refused.user, refused.detail)
        record(refusal)
        raise InvalidGrant(refused.code, refusal.reference) from None
    return granted(services.store.tokens.issue(visitor), issued_token_type=ACCESS_TOKEN)


def _in_oauth(refused: NotLetIn) -> OAuthError:
    """Convert a refusal of External Authentication to an OAuth error; its text is for the person."""
    error, status, description = {
        HTTPStatus.NOT_FOUND: ("unauthorized_client", HTTPStatus.BAD_REQUEST, "This grant is not offered here."),
        HTTPStatus.TOO_MANY_REQUESTS: (
            "slow_down",
            refused.status,
            "Too many attempts. Wait for the seconds in Retry-After.",
        ),
        HTTPStatus.SERVICE_UNAVAILABLE: (
            "temporarily_unavailable",
            refused.status,
            "The organizer's system does not answer.",
        ),
        HTTPStatus.BAD_GATEWAY: ("server_error", refused.status, "The organizer's system gave an invalid response."),
    }.get(refused.status, ("invalid_grant", HTTPStatus.BAD_REQUEST, NEUTRAL))
    more = {"detail": refused.text, "reference": refused.reference}
    return OAuthError(error, description, status=status, retry_after=refused.retry_after, more=more)


def _not_granted(implementation: str, refused: TokenRefused) -> OAuthError:
    """All reasons look the same from outside."""
    log.warning(
        "app tokens refused code=%s implementation=%s login_ended=%s",
        refused.code, implementation, bool(refused.login),
    )  # fmt: skip
    return InvalidGrant(refused.code)


def _check(allowed: AttemptDecision) -> None:
    if not allowed.ok:
        wait = "Too many requests. Wait for the seconds in Retry-After."
        raise OAuthError("slow_down", wait, status=HTTPStatus.TOO_MANY_REQUESTS, retry_after=allowed.retry_after_s)


def field_of(fields: Fields, name: str) -> str:
    """Return a required field; an empty one counts as missing (RFC 6749, 3.2). Raises `OAuthError`."""
    value = fields.get(name, "")
    if not value:
        raise OAuthError("invalid_request", f"{name} is missing.")
    return value


GRANTS: dict[str, Callable[[AuthServices, str, Fields], Response]] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh,
    JWT_BEARER: _by_assertion,
    TOKEN_EXCHANGE: _by_introspection,
    PASSWORD: _by_password,
}
