"""Responses and errors of the token endpoint, in the format of OAuth 2, because apps have libraries for it.

These are the only API errors that are not problem details (RFC 9457): RFC 6749, section 5.2 defines their format.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response

from runner.logins import TokenPair
from web.error_references import reference_of

#: RFC 6749, sections 5.1 and 5.2.
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}

NEUTRAL = "The credential is not valid. Log in again."


class OAuthError(Exception):
    """No tokens are issued. `error` is defined by RFC 6749 (slow_down: RFC 8628), `description` is for developers, in ASCII.

    `code` is the reason for the log and support. `more` can hold `detail`, a text for the person, and the `reference`
    of a refusal that was already recorded.
    """

    def __init__(
        self,
        error: str,
        description: str,
        *,
        status: HTTPStatus = HTTPStatus.BAD_REQUEST,
        retry_after: int | None = None,
        more: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status
        self.retry_after = retry_after
        self.code = error
        self.more = dict(more or {})


class InvalidGrant(OAuthError):
    """The credential is not valid. All reasons look the same from outside; `code` is the actual reason, for us."""

    def __init__(self, code: str, reference: str = "") -> None:
        super().__init__("invalid_grant", NEUTRAL, more={"reference": reference} if reference else None)
        self.code = code


def granted(pair: TokenPair, **more: str) -> Response:
    """Return the tokens (RFC 6749, section 5.1)."""
    tokens = {"access_token": pair.access, "token_type": "Bearer", "expires_in": pair.expires_in}
    return answer(HTTPStatus.OK, {**tokens, "refresh_token": pair.refresh, **more})


def refused(why: OAuthError) -> Response:
    """Return an error (RFC 6749, section 5.2), with a reference that a person can read out."""
    members = {"error": why.error, "error_description": why.description, **why.more}
    if "reference" not in members:
        members["reference"] = reference_of(why.status, why=why.code, said=why.description)
    response = answer(why.status, members)
    if why.retry_after is not None:
        response.headers["Retry-After"] = str(why.retry_after)
    return response


def answer(status: HTTPStatus, members: Mapping[str, Any]) -> Response:
    """Return a JSON object that no cache may store."""
    return Response(json.dumps(members), status, NO_STORE, mimetype="application/json")
