"""A page that leads to another site. Browsers hold a form to its page's policy through every redirect, but not a page."""

from __future__ import annotations

from flask import Response, render_template


def away(address: str) -> Response:
    """Answer a form with a page that goes on to another site or an app: at once, and by a link for whoever sees it."""
    page = render_template("ways/away.html", address=address)
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(page, mimetype="text/html", headers=headers)
