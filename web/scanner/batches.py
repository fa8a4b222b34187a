"""Reads a batch of scans, or of voids, as a whole. What is wrong with one of them is not decided here: each stands alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import request

from records.attendance.intake import MOST
from records.attendance.scan_parsing import read_moment
from web.auth.external.strict_json import read_object
from web.problem_details import HttpProblem

#: The member with the time of the device; the other one is the list.
DEVICE_TIME = "device_time"


@dataclass(frozen=True)
class SentBatch:
    """A batch: what time the device has, and its scans or voids as they were sent."""

    device_time: datetime
    items: list[Any]


def read_batch(member: str) -> SentBatch:
    """Read the body, whose list is called `member`. Raises `HttpProblem` (400, 415): then nothing of it is stored.

    1. It is JSON, without a content encoding.
    2. It is an object with the two members and no other; no name occurs twice, and no number is `NaN`.
    3. `device_time` is a time with its offset.
    4. The list has at most 50 items.
    """
    # 1.
    if request.mimetype != "application/json":
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must be JSON (application/json).")
    if request.headers.get("Content-Encoding"):
        raise HttpProblem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "The body must not have a Content-Encoding.")
    try:
        body = read_object(request.get_data(cache=False))
    except ValueError:
        raise _wrong("body", "The body must be a JSON object, in UTF-8, in which no name occurs twice.") from None
    # 2.
    if body.keys() != {DEVICE_TIME, member}:
        raise _wrong("body", f"The body must have exactly the members {DEVICE_TIME} and {member}.")
    # 3.
    device_time = read_moment(body[DEVICE_TIME])
    if device_time is None:
        raise _wrong(DEVICE_TIME, f"{DEVICE_TIME} must be a time with its offset (RFC 3339).")
    # 4.
    items = body[member]
    if not isinstance(items, list) or len(items) > MOST:
        raise _wrong(member, f"{member} must be a list of at most {MOST} {member}.")
    return SentBatch(device_time, items)


def _wrong(name: str, detail: str) -> HttpProblem:
    return HttpProblem(HTTPStatus.BAD_REQUEST, detail, members={"field": name})
