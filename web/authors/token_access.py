"""Whose author token a request has, and whether it allows what the view needs.

The steps for each request to a blueprint that `author_blueprint` made:

1. The view declares what its token must allow; one that does not is refused to everyone.
2. The request has a bearer token. Cookies are ignored.
3. Its client has not sent too many invalid tokens lately.
4. The implementation exists and is not archived.
5. The token is one of this implementation that counts now (`records.scripts.author_tokens.find_usable`).
6. The token has not made too many requests lately.
7. The token allows what the view needs.

A refused token is not logged with its text, and is never repeated.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar

from flask import Blueprint, current_app, g, request

from records import DbSession, Implementation
from records.audit import AuditContext
from records.roles import Permission
from records.scripts import author_tokens
from records.tenants import implementations
from web.auth.services import AuthServices
from web.middleware.response_headers import PRIVATE
from web.problem_details import NO_IMPLEMENTATION, HttpProblem
from web.session_address import checked_implementation

log = logging.getLogger(__name__)

View = TypeVar("View", bound=Callable[..., Any])

WINDOW_S: Final = 60
#: Invalid tokens of one client, requests of one token, and submissions of one token, in a window.
MOST_INVALID, MOST_REQUESTS, MOST_SUBMISSIONS = 30, 240, 12
_SCHEME = "bearer "
_LONGEST = 200
INVALID: Final = "This author token is not valid here: it has ended, was revoked, or is of another implementation."


@dataclass(frozen=True)
class AuthorCaller:
    """The token of a request, as far as views need it."""

    implementation: str
    token: str  #: its name
    actor: str  #: what audit entries call it
    may: frozenset[Permission]
    text: str = field(repr=False)


def author_blueprint(name: str, path: str) -> Blueprint:
    """Return a blueprint whose views are for author tokens, below the address of an implementation."""
    blueprint = Blueprint(name, __name__, url_prefix=f"/api/v1/implementations/<implementation>{path}")
    blueprint.before_request(_enter)
    return blueprint


def token_needs(permission: Permission) -> Callable[[View], View]:
    """Declare what the token must allow."""

    def mark(view: View) -> View:
        view.token_need = permission  # type: ignore[attr-defined]  # a function is the view, and takes attributes
        return view

    return mark


def token_need_of(view: Callable[..., Any] | None) -> Permission | None:
    """Return what the token must allow for a view; None if the view declares nothing."""
    return getattr(view, "token_need", None)


def caller() -> AuthorCaller:
    """Return the token of this request."""
    found = g.author_caller
    assert isinstance(found, AuthorCaller)
    return found


def author_context(reason: str = "") -> AuditContext:
    """Return who makes a change."""
    return AuditContext(caller().actor, reason)


def implementation_of_token(db: DbSession) -> Implementation:
    """Return the implementation, in a transaction of its own. Raises `HttpProblem` if the token counts no more by now."""
    found = implementations.find(db, caller().implementation)
    if found is None:
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
    if author_tokens.find_usable(db, found, caller().text, datetime.now(UTC)) is None:
        raise _refused("token ended meanwhile")
    return found


def limit_submissions() -> None:
    """Count a submission. Raises `HttpProblem` (429) if the token made too many."""
    _hit("author token submissions", f"{caller().implementation}/{caller().token}", MOST_SUBMISSIONS)


def _enter() -> None:
    need = token_need_of(current_app.view_functions.get(request.endpoint or ""))
    if need is None:  # 1.
        log.error("refused: the view does not declare what its token must allow endpoint=%s", request.endpoint)
        raise HttpProblem(HTTPStatus.FORBIDDEN, "This is not available to anyone.")
    text = _bearer()  # 2.
    limits, client = AuthServices.here().store.attempts, request.remote_addr or ""
    left = limits.left("invalid author tokens", client, limit=MOST_INVALID)  # 3.
    if not left.ok:
        raise _too_many(left.retry_after_s)
    slug = checked_implementation((request.view_args or {})["implementation"])
    try:
        found = _usable(slug, text)  # 4., 5.
    except HttpProblem as problem:
        if problem.code == HTTPStatus.UNAUTHORIZED:
            limits.hit("invalid author tokens", client, limit=MOST_INVALID, window_s=WINDOW_S)
        raise
    _hit("author token requests", f"{slug}/{found.token}", MOST_REQUESTS)  # 6.
    if need not in found.may and need is not Permission.ANYONE:  # 7.
        log.warning("refused: the author token does not allow it endpoint=%s", request.endpoint)
        raise HttpProblem(HTTPStatus.FORBIDDEN, f"This author token does not allow you to {need}.")
    g.author_caller = found


def _usable(slug: str, text: str) -> AuthorCaller:
    now = datetime.now(UTC)
    with AuthServices.here().database.session() as db:
        implementation = implementations.find(db, slug)
        if implementation is None:
            raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
        found = author_tokens.find_usable(db, implementation, text, now)
        if found is None:
            raise _refused("no such token")
        author_tokens.note_use(db, found.token, now)
        return AuthorCaller(slug, found.token.name, found.token.actor, found.may, text)


def _bearer() -> str:
    sent = request.headers.get("Authorization", "")
    text = sent[len(_SCHEME) :].strip()
    if sent[: len(_SCHEME)].lower() != _SCHEME or not text:
        headers = {"WWW-Authenticate": 'Bearer realm="session-status"', **dict(PRIVATE)}
        raise HttpProblem(HTTPStatus.UNAUTHORIZED, "This needs an author token as a bearer token.", headers=headers)
    if len(text) > _LONGEST or not text.isascii():
        raise _refused("malformed")
    return text


def _refused(why: str) -> HttpProblem:
    log.warning("refused: author token (%s) endpoint=%s", why, request.endpoint)
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"', **dict(PRIVATE)}
    return HttpProblem(HTTPStatus.UNAUTHORIZED, INVALID, headers=headers)


def _hit(kind: str, key: str, most: int) -> None:
    decision = AuthServices.here().store.attempts.hit(kind, key, limit=most, window_s=WINDOW_S)
    if not decision.ok:
        raise _too_many(decision.retry_after_s)


def _too_many(seconds: int) -> HttpProblem:
    return HttpProblem(
        HTTPStatus.TOO_MANY_REQUESTS,
        f"Too many requests. Try again in {seconds} seconds.",
        headers={"Retry-After": str(seconds)},
    )
