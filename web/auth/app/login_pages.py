"""The pages of the app's login: where it begins in a browser, and where it ends for an app with a web view of its own.

The docstrings are the reference of these addresses; the OpenAPI document is made from them.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from web.auth.app import login_starts
from web.auth.login_steps.typed_ids import to_written
from web.auth.services import AuthServices
from web.permissions import Permission, needs
from web.redirects import see_other
from web.session_address import checked_implementation

blueprint = Blueprint("app_login", __name__, url_prefix="/m/<implementation>")


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Nobody remembers these answers, and the next page does not learn their addresses, which have a code in them."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/start")
@needs(Permission.ANYONE)
def start(implementation: str) -> Response:
    """Begin a login for the app, in the system's browser.

    Query: `redirect_uri` (exactly one that is registered for the implementation), `state` (16 to 256 visible ASCII
    characters), `code_challenge` with `code_challenge_method=S256` (RFC 7636). Others are ignored. 303 leads to the way
    in, and in the end to `redirect_uri?code=…&state=…&iss=…`; an id that was typed in another case is led to the one
    that is written first. A fault is shown as a page; no address that a request
    names is gone to.
    """
    checked_implementation(implementation)
    written = to_written(implementation)
    if written:
        return written
    handle = login_starts.begin(AuthServices.here(), implementation, request.args.to_dict(flat=False))
    return see_other(f"/login/{implementation}?m={handle}")


@blueprint.get("/done")
@needs(Permission.ANYONE)
def done(implementation: str) -> Response:
    """Say that the login is done. An app that shows the login in a web view of its own takes the code from the address.

    It does nothing with the code. The address has to be registered like any other `redirect_uri`.
    """
    checked_implementation(implementation)
    return Response(render_template("app/done.html"), mimetype="text/html")
