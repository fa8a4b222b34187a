"""A registration site with a Cvent-like API: OAuth2 client credentials, a paged list, and a page to register.

Every user is enrolled in some other sessions too, so that a script that reads only the first page gives wrong results.
"""

from __future__ import annotations

import hmac
import re
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from .agenda import FULL, sample_session_title
from .services import demo_services

API = "cvent"
PAGE = 2  #: rows on a page; real pages have 100, but small ones show the paging
ELSEWHERE = ("PLENARY-1", "GALA-1", "POSTER-7")
FILTER = re.compile(r"(attendee|session)\.id eq '([^']*)'")
blueprint = Blueprint(API, __name__, url_prefix="/cvent")


@blueprint.before_request
def interfere() -> AnyResponse | None:
    """Apply the switches to the API, not to the page."""
    return demo_services().switches.interfere(API) if request.path.startswith("/cvent/ea/") else None


@blueprint.post("/ea/oauth2/token")
def token() -> AnyResponse:
    """Give a bearer token for client id and secret (RFC 6749, 4.4)."""
    credentials, keys = request.authorization, demo_services().keys
    client, secret = (credentials.username or "", credentials.password or "") if credentials else ("", "")
    right_client = hmac.compare_digest(client.encode(), keys.cvent_client.encode())
    if not right_client or not hmac.compare_digest(secret.encode(), keys.cvent_secret.encode()):
        return problem("invalid_client", 401)
    if request.form.get("grant_type") != "client_credentials":
        return problem("unsupported_grant_type", 400)
    life_s = 3600
    return jsonify(
        {"access_token": demo_services().keys.new_token(life_s), "token_type": "Bearer", "expires_in": life_s}
    )


@blueprint.get("/ea/sessions/enrollment")
def enrollment() -> AnyResponse:
    """Enrollments of an attendee, `PAGE` at a time; `paging.nextToken` asks for more."""
    bearer = request.authorization.token if request.authorization else None
    if not demo_services().keys.knows_token(bearer or ""):
        return problem("invalid_token", 401)
    wanted = dict(FILTER.findall(request.args.get("filter", "")))
    start = request.args.get("token", 0, type=int)
    return jsonify(page(rows_for(wanted), max(start, 0)))


@blueprint.get("/register/<session>")
def register_page(session: str) -> str:
    """The page where an attendee registers, or sees that they have."""
    user = request.args.get("uid", "")
    entry = demo_services().ledger.seen(API, user).get(session)
    return render_template(
        "demo/register.html",
        title=sample_session_title(session),
        full=session in FULL,
        name=demo_services().name_of(user),
        standing=entry.standing if entry else None,
        back=demo_services().safe_return(request.args.get("return_to", "")),
    )


@blueprint.post("/register/<session>")
def register(session: str) -> AnyResponse:
    """Register, join the waitlist, or cancel; then redirect back."""
    standing = "Waitlisted" if session in FULL else "Registered"
    if request.form.get("cancel"):
        standing = "Cancelled"
    demo_services().ledger.write(API, request.args.get("uid", ""), session, standing)
    return redirect(demo_services().safe_return(request.args.get("return_to", "")) or request.full_path, 303)


def rows_for(wanted: dict[str, str]) -> list[dict[str, Any]]:
    """All enrollments that match the filter, as the API shows them with its lag."""
    user = wanted.get("attendee", "")
    seen = demo_services().ledger.seen(API, user, lag_s=demo_services().switches.of(API).lag_s)
    standings = dict.fromkeys(ELSEWHERE, "Registered") | {s: entry.standing for s, entry in seen.items()}
    return [
        {"session": {"id": session}, "attendee": {"id": user}, "status": standing}
        for session, standing in standings.items()
        if wanted.get("session") in (None, session)
    ]


def page(rows: list[dict[str, Any]], start: int) -> dict[str, Any]:
    """One page of the rows, with the token of the next."""
    end = start + PAGE
    paging: dict[str, Any] = {"limit": PAGE, "totalCount": len(rows)}
    if end < len(rows):
        paging["nextToken"] = str(end)
    return {"paging": paging, "data": rows[start:end]}


def problem(error: str, status: int) -> Response:
    """An error in the form of OAuth 2."""
    answer = jsonify({"error": error})
    answer.status_code = status
    return answer
