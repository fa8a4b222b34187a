"""A page that continues to another site. Browsers apply the policy for forms to all redirects after a form, but not to a page."""

from __future__ import annotations

from flask import Response, render_template


def leave_page(address: str) -> Response:
    """Answer a form with a page that continues to another site or an app, immediately or by a link."""
    page = render_template("ways/away.html", address=address)
    headers = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
    return Response(page, mimetype="text/html", headers=headers)
