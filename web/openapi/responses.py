"""What the document says of one endpoint: its responses, and what it takes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class DocumentedResponse:
    """One possible response: its meaning, its media type and schema (both None without a body), and its headers.

    `also` is for a status code with two kinds of bodies: the meaning, type and schema of the second one.
    """

    meaning: str
    media_type: str | None = None
    schema: str | None = None
    headers: tuple[str, ...] = ()
    also: DocumentedResponse | None = None


@dataclass(frozen=True)
class Operation:
    """One endpoint: its responses by status code, the request headers that it uses, and whether it accepts a credential."""

    replies: dict[int, DocumentedResponse]
    request_headers: tuple[str, ...] = ()  #: headers
    takes_login: bool = False
    query: tuple[str, ...] = ()  #: parameters, all required
    form: str | None = None  #: schema of the body, as a form or as JSON
    json_body: str | None = None  #: schema of the body, as JSON only
    author_token: bool = False  #: it is for author tokens, and needs one
    optional_query: tuple[str, ...] = ()  #: parameters that can be left out
    signed: bool = False  #: it is signed as the Standard Webhooks specification says, and takes no other credential
    takes_scanner: bool = False  #: it needs the login of a scanner, or the token of a device


def problem(meaning: str, *headers: str) -> DocumentedResponse:
    """Return an error for programs."""
    return DocumentedResponse(meaning, "application/problem+json", "Problem", headers)
