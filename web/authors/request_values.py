"""Reads what authors send: JSON bodies with exactly the known members, and parameters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, NoReturn

from flask import request

from records import fields
from web.problem_details import HttpProblem

#: A number that every database can store.
LARGEST_NUMBER = 999_999_999
_DIGITS = len(str(LARGEST_NUMBER))


def json_body(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body: an object whose members have the types of these defaults. `None` stands for a text that must be there.

    Raises `HttpProblem` (400, 415).
    """
    if request.mimetype != "application/json":
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON (application/json).")
    try:
        body = json.loads(request.get_data(cache=False), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise _wrong("body", "The body is not JSON.") from None
    if not isinstance(body, dict):
        raise _wrong("body", "The body must be a JSON object.")
    unknown = [name for name in body if name not in members]
    if unknown:
        raise _wrong("body", f"The body must have no members besides {', '.join(members)}.")
    return {name: _member(body, name, default) for name, default in members.items()}


def _member(body: Mapping[str, Any], name: str, default: Any) -> Any:
    value = body.get(name, default)
    if default is None and value is None:
        raise _wrong(name, f"{name} is missing.")
    wanted = str if default is None else type(default)
    if not isinstance(value, wanted):
        raise _wrong(name, f"{name} must be {'a text' if wanted is str else 'a list'}.")
    return value


def number_parameter(name: str, default: int, *, most: int) -> int:
    """Return a whole number of the query, from 1. Raises `HttpProblem` (400)."""
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS and 1 <= int(text) <= most):
        raise _wrong(name, f"{name} must be a number from 1 to {most}.")
    return int(text)


def moment_parameter(name: str) -> datetime | None:
    """Return a moment of the query. Raises `HttpProblem` (400)."""
    text = request.args.get(name)
    if text is None:
        return None
    wrong = _wrong(name, f"{name} must be a time with its offset (RFC 3339), such as 2026-05-04T12:00:00Z.")
    try:
        found = datetime.fromisoformat(text)
        return _in_utc(found, wrong)
    except (ValueError, OverflowError):
        raise wrong from None


def _in_utc(found: datetime, wrong: HttpProblem) -> datetime:
    if found.tzinfo is None:
        raise wrong
    return found.astimezone(UTC)


def text_parameter(name: str) -> str | None:
    """Return a text of the query, cut to what any key can have."""
    text = request.args.get(name)
    return None if text is None else text[: fields.LONGEST_URL]


def _wrong(name: str, detail: str) -> HttpProblem:
    return HttpProblem(HTTPStatus.BAD_REQUEST, detail, members={"field": name})


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
