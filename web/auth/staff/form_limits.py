"""Limits on the bodies of forms, checked before a form is parsed.

The parser of forms limits only the size: a small body can contain hundreds of thousands of fields, and each invalid UTF-8
byte takes a microsecond. Counting bytes here costs almost nothing. This runs after the request checks and before the
CSRF check, which is the first to parse a form. The steps:

1. A long form is read without a login only by views for everyone (a provider's message). Any other view requires a person
   who is signed in and may send it; a form that is preserved until after the sign-in is shorter.
2. A form has a limited number of fields, and its `%XX` escapes are complete and valid UTF-8. Views for everyone also limit
   the number of escapes.
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

#: Bytes of a form that is read without a login: enough for a long script that is preserved until after the sign-in.
READ_FROM_ANYBODY: Final = 128 * 1024
#: Most fields of a form: twice as many as in the longest, which lists all user types of an implementation.
FIELDS: Final = 250
#: Most %XX escapes in a form that is read without a login. Base64 contains six in a hundred characters.
ESCAPES_OF_ANYBODY: Final = READ_FROM_ANYBODY // 3
LONG: Final = (
    "A form of this length is accepted only from people who are signed in and may send it. "
    "Sign in on another page, then return to this one and send it again."
)
URLENCODED: Final = "application/x-www-form-urlencoded"
FORMS: Final = frozenset({URLENCODED, "multipart/form-data"})

_BROKEN: Final = re.compile(rb"%(?![0-9A-Fa-f]{2})")
_NOT_ASCII: Final = re.compile(rb"%[89A-Fa-f]|[\x80-\xff]")


def install(app: Flask) -> None:
    """Check the body of every form."""

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
    """Say whether the person is signed in and has the permission here."""
    found = member()
    if need is None or found is None:
        return False
    return found.may(need.permission, (request.view_args or {}).get("implementation") or found.visitor.implementation)


def _check(body: bytes, *, escapes: int | None) -> None:
    if body.count(b"&") >= FIELDS:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, f"A form may have at most {FIELDS} fields.")
    if escapes is not None and body.count(b"%") > escapes:
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "The form has too many characters that are written as %XX.")
    if _BROKEN.search(body) or (_NOT_ASCII.search(body) and not _is_utf8(body)):
        raise HttpProblem(HTTPStatus.BAD_REQUEST, "A form must be written in UTF-8, and each %XX must be complete.")


def _is_utf8(body: bytes) -> bool:
    try:
        unquote_to_bytes(body).decode()
    except UnicodeDecodeError:
        return False
    return True
