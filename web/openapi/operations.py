"""The possible responses of each endpoint. The description of an endpoint is the docstring of its view."""

from __future__ import annotations

from typing import Any

from .author_operations import AUTHOR_OPERATIONS
from .hook_schemas import HOOK_OPERATIONS, SIGNATURE_HEADERS
from .responses import DocumentedResponse, Operation, problem
from .scan_schemas import SCAN_OPERATIONS


def page(meaning: str) -> DocumentedResponse:
    """Return a response for people."""
    return DocumentedResponse(meaning, "text/html")


STATUS_REPLIES = {
    200: DocumentedResponse("The status.", "application/json", "Status", ("ETag", "Preference-Applied")),
    202: DocumentedResponse(
        "There is nothing to show yet; ask again.",
        "application/json",
        "Status",
        ("ETag", "Retry-After", "Preference-Applied"),
    ),
    304: DocumentedResponse("The status has not changed.", headers=("ETag", "Retry-After")),
    400: problem("An identifier or the Host header is malformed."),
    401: DocumentedResponse(
        "The credential has ended or belongs to another implementation.",
        "application/problem+json",
        "LoginProblem",
        ("WWW-Authenticate",),
    ),
    404: problem("No such implementation or session."),
    503: problem("The store or the database does not answer.", "Retry-After"),
}


def oauth(meaning: str, *headers: str, also: DocumentedResponse | None = None) -> DocumentedResponse:
    """Return an OAuth 2 error, for the token and revocation endpoints only."""
    return DocumentedResponse(meaning, "application/json", "OAuthError", headers, also)


HOST_MALFORMED = problem("The Host header is malformed.")


UNAVAILABLE_PAGE = DocumentedResponse(
    "The store or the database does not answer.", "text/html", headers=("Retry-After",)
)
PAGE_REPLIES = {
    400: page("The address is malformed."),
    404: page("No such implementation or session."),
    503: UNAVAILABLE_PAGE,
}

#: Flask endpoint -> operation. A test compares this with the routes, both ways.
OPERATIONS: dict[str, Operation] = {
    "status.show": Operation(
        {**STATUS_REPLIES, 429: problem("The same user asked too often.", "Retry-After")},
        request_headers=("Prefer", "If-None-Match"),
        takes_login=True,
    ),
    "status.returned": Operation(
        {
            **STATUS_REPLIES,
            403: problem("The cookie was sent from another site."),
            413: problem("The body is too large."),
            415: problem("The body is not an empty JSON object."),
            429: problem("The same user came back too often.", "Retry-After"),
        },
        request_headers=("Prefer", "If-None-Match"),
        takes_login=True,
    ),
    "returns.come_back": Operation(
        {
            303: DocumentedResponse("To the session in the app.", headers=("Location",)),
            400: page("The token is not valid, or has expired."),
            429: page("The same user came back too often."),
            503: UNAVAILABLE_PAGE,
        }
    ),
    "returns.to_app": Operation(
        {
            303: DocumentedResponse("To the session in the app.", headers=("Location",)),
            400: page("An identifier is malformed."),
            503: UNAVAILABLE_PAGE,
        }
    ),
    "widget.show": Operation(
        {200: page("The widget."), 429: page("The same user asked too often."), **PAGE_REPLIES},
        request_headers=("Prefer",),
        takes_login=True,
    ),
    "widget.check_again": Operation(
        {
            303: DocumentedResponse("To the widget.", headers=("Location",)),
            403: page("The request was sent from another site."),
            429: page("The same user came back too often."),
            **PAGE_REPLIES,
        },
        takes_login=True,
    ),
    "widget.tint": Operation(
        {200: DocumentedResponse("The style sheet.", "text/css"), 404: page("This is not a colour.")}
    ),
    "app_login.start": Operation(
        {
            303: DocumentedResponse("To the login page.", headers=("Location",)),
            400: page("A parameter is wrong. There is no redirect."),
            404: page("No such implementation."),
            429: DocumentedResponse(
                "Too many logins were started from one address.", "text/html", headers=("Retry-After",)
            ),
            503: UNAVAILABLE_PAGE,
        },
        query=("redirect_uri", "state", "code_challenge", "code_challenge_method"),
    ),
    "app_login.done": Operation({200: page("The login is complete."), 400: page("The address is malformed.")}),
    "app_tokens.token": Operation(
        {
            200: DocumentedResponse("The tokens.", "application/json", "Tokens"),
            400: oauth("There are no tokens. `invalid_grant`: the person must log in again.", also=HOST_MALFORMED),
            404: oauth("No such implementation."),
            413: problem("The body is too large."),
            429: oauth("Too many requests (`slow_down`).", "Retry-After"),
            502: oauth("The organizer's system gave an invalid response."),
            503: oauth("This service or the organizer's system does not answer at the moment.", "Retry-After"),
        },
        form="TokenRequest",
    ),
    "app_tokens.revoke": Operation(
        {
            200: DocumentedResponse("The token is not valid any more, or never was."),
            400: oauth("The body has no `token` (`invalid_request`); no login was ended.", also=HOST_MALFORMED),
            413: problem("The body is too large."),
            503: problem("The store does not answer.", "Retry-After"),
        },
        form="RevokeRequest",
    ),
    "app_tokens.session": Operation(
        {
            200: DocumentedResponse("Who is logged in.", "application/json", "Login"),
            400: problem("An identifier or the Host header is malformed."),
            401: problem("This credential is not a valid login.", "WWW-Authenticate"),
            503: problem("The store or the database does not answer.", "Retry-After"),
        },
        takes_login=True,
    ),
    "health.alive": Operation({200: DocumentedResponse("The process is alive.", "application/json", "Alive")}),
    "health.ready": Operation(
        {
            200: DocumentedResponse("The process is ready, perhaps with warnings.", "application/json", "Ready"),
            503: DocumentedResponse("The store does not answer.", "application/problem+json", "NotReady"),
        }
    ),
    "openapi.document": Operation({200: DocumentedResponse("This document.", "application/json")}),
    **AUTHOR_OPERATIONS,
    **SCAN_OPERATIONS,
    **HOOK_OPERATIONS,
}

RESPONSE_HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {"description": "Identical for statuses that are shown identically.", "schema": {"type": "string"}},
    "Location": {"schema": {"type": "string", "format": "uri-reference"}},
    "Preference-Applied": {"description": "The wait that was granted (RFC 7240).", "schema": {"type": "string"}},
    "Retry-After": {
        "description": "Seconds; more if many runs are waiting.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {"schema": {"type": "string"}},
}

REQUEST_HEADERS: dict[str, dict[str, Any]] = {
    **SIGNATURE_HEADERS,
    "Prefer": {
        "description": "`wait=N`: how many seconds the server may hold the request until there is a first answer.",
        "example": "wait=0.8",
    },
    "If-None-Match": {"description": "The ETag of the last response.", "example": 'W/"01J0.ready"'},
}

QUERY_PARAMETERS: dict[str, dict[str, Any]] = {
    "redirect_uri": {"description": "Exactly as registered for the implementation."},
    "state": {"description": "16 to 256 visible ASCII characters, random, for this login only."},
    "code_challenge": {"description": "BASE64URL(SHA256(code_verifier)), without padding (RFC 7636)."},
    "code_challenge_method": {"description": "Must be S256."},
}
