"""The possible responses of the authors' endpoints. The description of an endpoint is the docstring of its view."""

from __future__ import annotations

from .responses import DocumentedResponse, Operation, problem

_REPLIES = {
    400: problem("An identifier, a parameter, the body or the Host header is malformed."),
    401: problem("There is no author token, or it does not count here.", "WWW-Authenticate"),
    403: problem("The author token does not allow this."),
    404: problem("No such implementation, or what is asked for does not exist."),
    429: problem("Too many requests.", "Retry-After"),
    503: problem("The store or the database does not answer.", "Retry-After"),
}


def _json(meaning: str, schema: str, *headers: str) -> DocumentedResponse:
    return DocumentedResponse(meaning, "application/json", schema, headers)


def _reading(meaning: str, schema: str, *parameters: str) -> Operation:
    return Operation({200: _json(meaning, schema), **_REPLIES}, author_token=True, optional_query=parameters)


AUTHOR_OPERATIONS: dict[str, Operation] = {
    "author_submissions.hand_in": Operation(
        {
            201: _json("It waits for a review.", "WholeSubmission", "Location"),
            **_REPLIES,
            409: problem("The text is approved already, or suspended."),
            413: problem("The body is too large."),
            415: problem("The body is not JSON."),
            422: problem("The check found errors (`findings`), or a value is wrong (`faults`). Nothing was stored."),
            503: problem(
                "The script cannot be checked now, or the store or the database does not answer.", "Retry-After"
            ),
        },
        author_token=True,
        json_body="HandIn",
    ),
    "author_submissions.list_all": _reading("The submissions.", "Submissions", "limit"),
    "author_submissions.show": _reading("The submission.", "WholeSubmission"),
    "author_submissions.withdraw": Operation(
        {
            200: _json("It is withdrawn.", "WholeSubmission"),
            **_REPLIES,
            409: problem("It is another author's, or was decided."),
            413: problem("The body is too large."),
        },
        author_token=True,
    ),
    "author_versions.list_all": _reading("The versions.", "Versions"),
    "author_versions.show": _reading("The version.", "WholeVersion"),
    "author_versions.diff": Operation(
        {200: _json("The difference.", "VersionDiff"), **_REPLIES},
        author_token=True,
        optional_query=("to",),
    ),
    "author_runs.list_all": _reading(
        "The runs.", "Runs", *("user", "session", "outcome", "version", "failed", "since", "until", "after", "limit")
    ),
    "author_runs.show": _reading("The run; several if the reference stands for several.", "Runs"),
    "author_token.show": _reading("The token.", "AuthorToken"),
}

#: Parameters of the query that can be left out.
OPTIONAL_PARAMETERS = {
    "limit": "How many at most.",
    "to": "The number of the version to compare with.",
    "user": "The user's ID.",
    "session": "The session's ID.",
    "outcome": "One of the outcomes of runs.",
    "version": "The SHA-256 of a version.",
    "failed": "1: only runs that failed.",
    "since": "A time (RFC 3339): runs that began then or later.",
    "until": "A time (RFC 3339): runs that began before.",
    "q": "Words of a name, a username or a badge ID, at least two characters.",
    "after": "The ID of a run: those recorded after it.",
}
