"""Form bodies: what a form must look like before anything parses it.

The parser of forms has no bounds but the size: a body of kilobytes can be hundreds of thousands of fields, and a byte
that is no UTF-8 takes a microsecond. So bytes are counted here, which costs nothing. Stands behind the gate and in front
of the form tokens, which are the first to read a form. The steps:

1. Only views for everybody read a long form of anybody: a provider's message. Everywhere else somebody has to be signed
   in who may send it; a form which the door keeps for after the sign-in is shorter.
2. A form has few fields, and what it writes as `%XX` is whole, and UTF-8. For everybody it is also not often.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote_to_bytes

from flask import Flask, request

from web.auth.staff.staff_member import member
from web.middleware.request_checks import SAFE_METHODS
from web.permissions import Permission, RequiredPermission, need_of
from web.problem_details import HttpProblem

#: Bytes of a form which is read from anybody: room for a long script which the door keeps.
READ_FROM_ANYBODY: Final = 128 * 1024
#: Fields of any form: twice what the longest has, which lists all the user types of an implementation.
FIELDS: Final = 250
#: Signs written as %XX in any form of anybody. Base64 has six in a hundred.
ESCAPES_OF_ANYBODY: Final = READ_FROM_ANYBODY // 3
LONG: Final = (
    "So long a form is read only from people who are signed in and may send it. "
    "Sign in on another page, go back to this one and send it again."
)
URLENCODED: Final = "application/x-www-form-urlencoded"
FORMS: Final = frozenset({URLENCODED, "multipart/form-data"})

_BROKEN: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_NOT_ASCII: Final = re.compile(rb"%[89A-Fa-f]|[\x80-\xff]")


def install(app: Flask) -> None:
    """Judge the body of every form."""

    @app.before_request
    def judge() -> None:
        if request.method in SAFE_METHODS or request.endpoint is None or request.mimetype not in FORMS:
            return
        # 1.
        need = need_of(app.view_functions.get(request.endpoint))
        for_anybody = need is not None and need.permission is Permission.ANYONE
        if (request.content_length or 0) > READ_FROM_ANYBODY and not (for_anybody or _may(need)):
            raise HttpProblem(HTTPStatus.FORBIDDEN, LONG)
        # 2.
        if request.mimetype == URLENCODED:
            _check(request.get_data(), escapes=ESCAPES_OF_ANYBODY if for_anybody else None)


def _may(need: RequiredPermission | None) -> bool:
    """Say whether somebody is signed in who may do this here."""
    found = member()
    if need is None or found is None:
        return False
    return found.may(need.permission, (request.view_args or {}).get("implementation") or found.visitor.implementation)


def _check(body: bytes, *, escapes: int | None) -> None:
    if body.count(b"&") >= FIELDS:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, f"A form has at most {FIELDS} fields.")
    if escapes is not None and body.count(b"%") > escapes:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "The form has too many signs that are written as %XX.")
    if _BROKEN.search(body) or (_NOT_ASCII.search(body) and not _is_utf8(body)):
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "A form is written in UTF-8, and what is written as %XX is whole.")


def _is_utf8(body: bytes) -> bool:
    try:
        unquote_to_bytes(body).decode()
    except UnicodeDecodeError:
        return False
    return True
