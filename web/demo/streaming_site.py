"""A streaming site without an API: a page to watch a session, live or later."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from .agenda import sample_session_title
from .services import demo_services

blueprint = Blueprint("live", __name__, url_prefix="/live")


@blueprint.get("/<session>")
def watch(session: str) -> str:
    """Show where the stream would be."""
    return render_template(
        "demo/live.html", title=sample_session_title(session), back=f"{demo_services().own_url}/sessions/{session}"
    )


@blueprint.get("/healthz")
def healthz() -> Response:
    """Answer that the process runs."""
    return Response("ok\n", mimetype="text/plain")
