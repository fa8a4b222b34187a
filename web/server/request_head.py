"""Refuses heads which the server reads, but which no browser, app or proxy of ours sends.

The server's parser is lenient where the next program might read something else, and bounds a head as a whole only.
"""

from __future__ import annotations

from http import HTTPStatus

from granian.rsgi import Headers, Scope  # type: ignore[attr-defined]  # its types do not export the one

#: Fields of a head, and bytes of one; a provider's signed logout is the longest address of ours.
FIELDS = 64
FIELD_BYTES = 8190

#: Fields by which something is decided. Values which are not ASCII are not handed on to us, and what is missed here is
#: not the same as what was not sent.
DECIDING = ("host", "transfer-encoding", "x-forwarded-for")


def fault_of(scope: Scope, headers: Headers) -> HTTPStatus | None:
    """Say why a head is refused.

    1. A method is written in capital letters.
    2. There are not too many fields, none is too long, and neither is the address.
    3. Where the body ends is said once: by one length, or by one coding. (A length before a coding is gone by then: the
       server ignores it, and ends the connection after the answer.)
    4. None that decides something is kept from us: a proxy which adds an address to what a client made up writes one
       value, so the client could hide the address with it.
    """
    if not (scope.method.isascii() and scope.method.isalpha() and scope.method.isupper()):  # 1.
        return HTTPStatus.BAD_REQUEST
    fields = headers.items()
    if len(fields) > FIELDS or any(len(name) + len(value) > FIELD_BYTES for name, value in fields):  # 2.
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    if len(scope.path) + len(scope.query_string) > FIELD_BYTES:
        return HTTPStatus.REQUEST_URI_TOO_LONG
    codings = [value for name, value in fields if name == "transfer-encoding"]
    if codings and (codings != ["chunked"] or "content-length" in headers):  # 3.
        return HTTPStatus.BAD_REQUEST
    if any(name in headers and headers.get(name) is None for name in DECIDING):  # 4.
        return HTTPStatus.BAD_REQUEST
    return None
