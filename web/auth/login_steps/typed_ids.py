"""Ids of conferences as people type them: in upper or lower case, whichever their keyboard began with.

Everything behind the first address compares ids exactly, so a browser is led to the id as it is written.
"""

from __future__ import annotations

from flask import Response, request, url_for

from records.tenants import implementations
from web.auth.services import AuthServices
from web.redirects import see_other


def to_written(implementation: str) -> Response | None:
    """Lead to this address with the id as it is written (303); None if it is written so, or if it cannot be told."""
    with AuthServices.here().database.reading() as db:
        found = implementations.find_typed(db, implementation)
    if found is None or found.slug == implementation:
        return None
    path = url_for(str(request.endpoint), implementation=found.slug)
    query = request.query_string.decode("ascii", "replace")
    return see_other(f"{path}?{query}" if query else path)
