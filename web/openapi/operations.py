"""What each endpoint can answer. The words about an endpoint are its view's docstring; this is only the table of answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class DocumentedResponse:
    """One possible answer: what it means, its media type and schema (both None without a body), its headers.

    `also` is for a status code which has two kinds of bodies: what the second one means, and its type and schema.
    """

    meaning: str
    media_type: str | None = None
    schema: str | None = None
    headers: tuple[str, ...] = ()
    also: DocumentedResponse | None = None


@dataclass(frozen=True)
class Operation:
    """One endpoint: its replies by status code, what it heeds of a request, and whether it takes a credential."""

    replies: dict[int, DocumentedResponse]
    heeds: tuple[str, ...] = ()  #: headers
    takes_login: bool = False
    query: tuple[str, ...] = ()  #: parameters, all needed
    form: str | None = None  #: schema of the body, as a form or as JSON


def problem(meaning: str, *headers: str) -> DocumentedResponse:
    """Return a refusal as programs read it."""
    return DocumentedResponse(meaning, "application/problem+json", "Problem", headers)


def page(meaning: str) -> DocumentedResponse:
    """Return an answer for people."""
    return DocumentedResponse(meaning, "text/html")


STATUS_REPLIES = {
    200: DocumentedResponse("The status.", "application/json", "Status", ("ETag", "Preference-Applied")),
    202: DocumentedResponse(
        "Nothing to show yet; ask again.", "application/json", "Status", ("ETag", "Retry-After", "Preference-Applied")
    ),
    304: DocumentedResponse("What you have is still right.", headers=("ETag", "Retry-After")),
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
    """Return a refusal in the words of OAuth 2, which is for the token and revocation endpoints only."""
    return DocumentedResponse(meaning, "application/json", "OAuthError", headers, also)


HOST_MALFORMED = problem("The Host header is malformed.")


AWAY_PAGE = DocumentedResponse("The store or the database does not answer.", "text/html", headers=("Retry-After",))
PAGE_REPLIES = {
    400: page("The address is malformed."),
    404: page("No such implementation or session."),
    503: AWAY_PAGE,
}

#: Flask endpoint -> operation. A test compares this with the routes, both ways.
OPERATIONS: dict[str, Operation] = {
    "status.show": Operation(STATUS_REPLIES, heeds=("Prefer", "If-None-Match"), takes_login=True),
    "status.returned": Operation(
        {
            **STATUS_REPLIES,
            403: problem("The cookie was sent from a foreign page."),
            413: problem("The body is too large."),
            415: problem("The body is not an empty JSON object."),
            429: problem("The same user came back too often.", "Retry-After"),
        },
        heeds=("If-None-Match",),
        takes_login=True,
    ),
    "returns.come_back": Operation(
        {
            303: DocumentedResponse("To the session in the app.", headers=("Location",)),
            400: page("The token is not ours, or has ended."),
            429: page("The same user came back too often."),
            503: AWAY_PAGE,
        }
    ),
    "returns.to_app": Operation(
        {
            303: DocumentedResponse("To the session in the app.", headers=("Location",)),
            400: page("An identifier is malformed."),
            503: AWAY_PAGE,
        }
    ),
    "widget.show": Operation(
        {200: page("The widget, in any state."), **PAGE_REPLIES}, heeds=("Prefer",), takes_login=True
    ),
    "widget.check_again": Operation(
        {
            303: DocumentedResponse("To the widget.", headers=("Location",)),
            403: page("Sent from a foreign page."),
            429: page("The same user came back too often."),
            **PAGE_REPLIES,
        },
        takes_login=True,
    ),
    "widget.tint": Operation({200: DocumentedResponse("The style sheet.", "text/css"), 404: page("No colour.")}),
    "app_login.start": Operation(
        {
            303: DocumentedResponse("To the way in.", headers=("Location",)),
            400: page("A parameter is wrong; nobody is sent anywhere."),
            404: page("No such implementation."),
            429: DocumentedResponse("Too many logins begun from one address.", "text/html", headers=("Retry-After",)),
            503: AWAY_PAGE,
        },
        query=("redirect_uri", "state", "code_challenge", "code_challenge_method"),
    ),
    "app_login.done": Operation({200: page("The login is done."), 400: page("The address is malformed.")}),
    "app_tokens.token": Operation(
        {
            200: DocumentedResponse("The tokens.", "application/json", "Tokens"),
            400: oauth("No tokens. `invalid_grant`: log in again.", also=HOST_MALFORMED),
            404: oauth("No such implementation."),
            413: problem("The body is too large."),
            429: oauth("Asked too often (`slow_down`).", "Retry-After"),
            502: oauth("The organizer's side answers what was not agreed."),
            503: oauth("We, or the organizer's side, do not answer at the moment.", "Retry-After"),
        },
        form="TokenRequest",
    ),
    "app_tokens.revoke": Operation(
        {
            200: DocumentedResponse("The token is worth nothing any more, or never was."),
            400: oauth("The body has no `token` (`invalid_request`): nothing was ended.", also=HOST_MALFORMED),
            413: problem("The body is too large."),
            503: problem("The store does not answer.", "Retry-After"),
        },
        form="RevokeRequest",
    ),
    "app_tokens.session": Operation(
        {
            200: DocumentedResponse("Who is logged in.", "application/json", "Login"),
            400: problem("An identifier or the Host header is malformed."),
            401: problem("Nobody is logged in with this credential.", "WWW-Authenticate"),
            503: problem("The store or the database does not answer.", "Retry-After"),
        },
        takes_login=True,
    ),
    "health.alive": Operation({200: DocumentedResponse("The process lives.", "application/json", "Alive")}),
    "health.ready": Operation(
        {
            200: DocumentedResponse("Ready, perhaps with warnings.", "application/json", "Ready"),
            503: DocumentedResponse("The store does not answer.", "application/problem+json", "NotReady"),
        }
    ),
    "openapi.document": Operation({200: DocumentedResponse("This document.", "application/json")}),
}

HEADERS: dict[str, dict[str, Any]] = {
    "ETag": {"description": "The same for answers which would be drawn the same.", "schema": {"type": "string"}},
    "Location": {"schema": {"type": "string", "format": "uri-reference"}},
    "Preference-Applied": {"description": "The wait that was granted (RFC 7240).", "schema": {"type": "string"}},
    "Retry-After": {"description": "Seconds; grows with the backlog.", "schema": {"type": "integer", "minimum": 0}},
    "WWW-Authenticate": {"schema": {"type": "string"}},
}

HEEDED: dict[str, dict[str, Any]] = {
    "Prefer": {"description": "`wait=N`: seconds to hold the request for a first answer.", "example": "wait=0.8"},
    "If-None-Match": {"description": "The ETag of what you have.", "example": 'W/"01J0.ready"'},
}

ASKED: dict[str, dict[str, Any]] = {
    "redirect_uri": {"description": "Exactly an address which is registered for the implementation."},
    "state": {"description": "16 to 256 visible ASCII characters, random, for this login alone."},
    "code_challenge": {"description": "BASE64URL(SHA256(code_verifier)), without padding (RFC 7636)."},
    "code_challenge_method": {"description": "S256; there is no other."},
}
