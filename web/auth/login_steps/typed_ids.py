"""Ids of implementations that were typed in the wrong case.

All later addresses compare ids exactly, so the browser is redirected to the correct spelling first.
"""

from __future__ import annotations

from flask import Response, request, url_for

from records.tenants import implementations
from web.auth.services import AuthServices
from web.redirects import see_other


def redirect_to_canonical_id(implementation: str) -> Response | None:
    """Redirect to this address with the correct spelling of the id (303); None if it is correct or unknown."""
    with AuthServices.here().database.reading() as db:
        found = implementations.find_typed(db, implementation)
    if found is None or found.slug == implementation:
        return None
    path = url_for(str(request.endpoint), implementation=found.slug)
    query = request.query_string.decode("ascii", "replace")
    return see_other(f"{path}?{query}" if query else path)
