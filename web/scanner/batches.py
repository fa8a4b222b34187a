"""Reads a batch of scans as a whole. What is wrong with one scan is not decided here: each stands alone."""

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

MEMBERS = frozenset({"device_time", "scans"})


@dataclass(frozen=True)
class SentBatch:
    """A batch: what time the device has, and its scans as they were sent."""

    device_time: datetime
    scans: list[Any]


def read_batch() -> SentBatch:
    """Read the body. Raises `HttpProblem` (400, 415): then nothing of it is stored.

    1. It is JSON, without a content encoding.
    2. It is an object with the two members and no other; no name occurs twice, and no number is `NaN`.
    3. `device_time` is a time with its offset.
    4. `scans` is a list of at most 50.
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
    if body.keys() != MEMBERS:
        raise _wrong("body", "The body must have exactly the members device_time and scans.")
    # 3.
    device_time = read_moment(body["device_time"])
    if device_time is None:
        raise _wrong("device_time", "device_time must be a time with its offset (RFC 3339).")
    # 4.
    scans = body["scans"]
    if not isinstance(scans, list) or len(scans) > MOST:
        raise _wrong("scans", f"scans must be a list of at most {MOST} scans.")
    return SentBatch(device_time, scans)


def _wrong(name: str, detail: str) -> HttpProblem:
    return HttpProblem(HTTPStatus.BAD_REQUEST, detail, members={"field": name})
