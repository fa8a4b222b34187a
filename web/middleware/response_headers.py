"""The headers which keep browsers from doing harm with our answers.

No page of ours has inline script or style, so the policy needs neither nonces nor hashes. A view may set a stricter or
wider `Content-Security-Policy` itself; what is set already is left alone.
"""

from __future__ import annotations

from flask import Flask, Response, request

from web.config import WebConfig

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action {forms}; base-uri 'none'; frame-ancestors {ancestors}"
)

#: For answers which are data: nothing in them may ever run, load or be framed.
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

#: Only the widget page may be framed, and only by those whom the settings name.
FRAMED_ENDPOINTS = frozenset({"widget.show", "widget.check_again"})

#: For everything: no answer of ours belongs into a search engine.
FOR_ALL = (("X-Content-Type-Options", "nosniff"), ("X-Robots-Tag", "noindex"))

FOR_PAGES = (
    *FOR_ALL,
    # Cross-site requests learn nothing about the page. "no-referrer" would also blank the Origin of our own forms.
    ("Referrer-Policy", "same-origin"),
    (
        "Permissions-Policy",
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(), usb=()",
    ),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    # No page of others keeps a hold on a window of ours that it opened, and none of ours on theirs.
    ("Cross-Origin-Opener-Policy", "same-origin"),
    # A page is for one person at one moment. What may be kept (files of ours) says so itself.
    ("Cache-Control", "no-store"),
)

#: An answer is one person's, and must not lie in any cache on the way.
PRIVATE = (("Cache-Control", "private, no-store"), ("Vary", "Authorization, Cookie"))

#: Below these, addresses hold one-time handles and states, and no form of ours stands there that an Origin vouches for.
WITHOUT_REFERRER = ("/saml/", "/m/")

#: Forms of the console lead to the console. Others may end in the app that somebody came from.
CONSOLE = "/console/"

#: One year, in seconds. Without subdomains: they are not ours to decide about.
HSTS = "max-age=31536000"


def for_data(config: WebConfig) -> list[tuple[str, str]]:
    """Return the headers of every answer that is no page."""
    found = [*FOR_ALL, ("Content-Security-Policy", DATA_POLICY)]
    if config.secure:
        found.append(("Strict-Transport-Security", HSTS))
    return found


def install(app: Flask, config: WebConfig) -> None:
    """Add the headers to every answer of the application."""
    data = for_data(config)
    pages = [*FOR_PAGES, ("Strict-Transport-Security", HSTS)] if config.secure else list(FOR_PAGES)
    apps = " ".join(("'self'", *config.widget_frames))
    # Browsers hold a form to its policy through redirects, and the login's form ends in the app that it came from.
    alone = POLICY.format(ancestors="'none'", forms=apps)
    framed = POLICY.format(ancestors=apps, forms="'self'")
    inside = POLICY.format(ancestors="'none'", forms="'self'")

    @app.after_request
    def protect(response: Response) -> Response:
        if request.path.startswith(WITHOUT_REFERRER):
            response.headers.setdefault("Referrer-Policy", "no-referrer")
        if response.mimetype != "text/html":
            response.headers.extend(data)
            return response
        for name, value in pages:
            response.headers.setdefault(name, value)
        response.headers.setdefault("Content-Security-Policy", policy_here())
        return response

    def policy_here() -> str:
        if request.path.startswith(CONSOLE):
            return inside
        return framed if request.endpoint in FRAMED_ENDPOINTS else alone
