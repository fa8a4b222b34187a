"""Redirects, and the check that keeps them on this site."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Response

#: Most characters of a path that is kept during a login.
LONGEST_PATH = 1000


def see_other(location: str) -> Response:
    """Redirect the browser with 303, so that it continues with a GET. The response is not cached."""
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location, "Cache-Control": "no-store"})


def local_path(wanted: str) -> str | None:
    r"""Return the path if it leads to one of our pages; None otherwise, to prevent open redirects.

    Browsers read `\` as `/` and drop tabs and line breaks, so `/\evil` and `/<tab>/evil` name other hosts.
    """
    if not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > LONGEST_PATH:
        return None
    if "\\" in wanted or not wanted.isascii() or not wanted.isprintable():
        return None
    parts = urlsplit(wanted)
    return None if parts.scheme or parts.netloc else wanted
