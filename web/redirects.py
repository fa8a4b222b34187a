"""Where a browser goes next: redirects, and the check which keeps them from leading away."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Response

#: Characters of the longest path that we carry through a login.
LONGEST_PATH = 1000


def see_other(location: str) -> Response:
    """Send the browser on with a GET (303); nobody may remember that."""
    return Response(status=HTTPStatus.SEE_OTHER, headers={"Location": location, "Cache-Control": "no-store"})


def local_path(wanted: str) -> str | None:
    r"""Return the path if it leads to a page of ours; anything else would be an open redirect.

    Browsers read `\` as `/` and drop tabs and line breaks, so `/\evil` and `/<tab>/evil` name other hosts.
    """
    if not wanted.startswith("/") or wanted.startswith("//") or len(wanted) > LONGEST_PATH:
        return None
    if "\\" in wanted or not wanted.isascii() or not wanted.isprintable():
        return None
    parts = urlsplit(wanted)
    return None if parts.scheme or parts.netloc else wanted
