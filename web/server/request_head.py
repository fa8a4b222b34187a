"""Refuses heads that the server accepts, but that no browser, app or proxy sends.

The server's parser accepts ambiguous heads, which another program may read differently, and limits only the whole head.
"""

from __future__ import annotations

from http import HTTPStatus

from granian.rsgi import Headers, Scope  # type: ignore[attr-defined]  # its types do not export the one

#: Most fields of a head, and most bytes of one, and of the address. The longest address is a provider's signed logout.
FIELDS = 64
FIELD_BYTES = 8190

#: Fields that affect decisions. The server omits values that are not ASCII, and an omitted value must not count as not
#: sent.
DECIDING = ("host", "transfer-encoding", "x-forwarded-for")


def fault_of(scope: Scope, headers: Headers, fields: list[tuple[str, str]]) -> HTTPStatus | None:
    """Return why a head is refused; None if it is not. `fields` are those of `headers`, which makes a new list each time.

    1. The method consists of capital letters.
    2. There are not too many fields, and neither a field nor the address is too long.
    3. The end of the body is stated once: by one length or one transfer coding. (The server ignores a length before a
       coding, and closes the connection after the response.)
    4. No deciding field was omitted: a proxy adds the client's address to a value that the client made up, so the client
       could hide its address by making the whole value invalid.
    """
    if not (scope.method.isascii() and scope.method.isalpha() and scope.method.isupper()):  # 1.
        return HTTPStatus.BAD_REQUEST
    codings = []
    for name, value in fields:
        if len(name) + len(value) > FIELD_BYTES:  # 2.
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        if name == "transfer-encoding":
            codings.append(value)
    if len(fields) > FIELDS:
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    if len(scope.path) + len(scope.query_string) > FIELD_BYTES:
        return HTTPStatus.REQUEST_URI_TOO_LONG
    if codings and (codings != ["chunked"] or "content-length" in headers):  # 3.
        return HTTPStatus.BAD_REQUEST
    for name in DECIDING:  # 4.
        if name in headers and headers.get(name) is None:
            return HTTPStatus.BAD_REQUEST
    return None
