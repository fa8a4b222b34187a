"""The pages of the app's login: its start in a browser, and its end for an app that uses its own web view.

The docstrings are the reference of these addresses: the OpenAPI document is made from them.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from web.auth.app import login_starts
from web.auth.login_steps.typed_ids import redirect_to_canonical_id
from web.auth.services import AuthServices
from web.permissions import Permission, needs
from web.redirects import see_other
from web.session_address import checked_implementation

blueprint = Blueprint("app_login", __name__, url_prefix="/m/<implementation>")


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Keep these responses out of caches, and their addresses, which contain a code, out of the Referer header."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@blueprint.get("/start")
@needs(Permission.ANYONE)
def start(implementation: str) -> Response:
    """Start a login for the app, in the system's browser.

    Query: `redirect_uri` (exactly as registered for the implementation), `state` (16 to 256 visible ASCII characters),
    `code_challenge` with `code_challenge_method=S256` (RFC 7636). Other parameters are ignored. 303 redirects to the
    login, which ends at `redirect_uri?code=…&state=…&iss=…`. An implementation id in the wrong case is first redirected
    to its correct spelling. Errors are shown as a page; the browser is never redirected to an unregistered address.
    """
    checked_implementation(implementation)
    redirection = redirect_to_canonical_id(implementation)
    if redirection:
        return redirection
    handle = login_starts.begin(AuthServices.here(), implementation, request.args.to_dict(flat=False))
    return see_other(f"/login/{implementation}?m={handle}")


@blueprint.get("/done")
@needs(Permission.ANYONE)
def done(implementation: str) -> Response:
    """Show that the login is complete. An app that uses its own web view takes the code from the address.

    This page does not use the code. Its address must be registered like any other `redirect_uri`.
    """
    checked_implementation(implementation)
    return Response(render_template("app/done.html"), mimetype="text/html")
