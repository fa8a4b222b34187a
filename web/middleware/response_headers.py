"""The security headers of all responses.

Our pages have no inline script or style, so the policy needs neither nonces nor hashes. A view may set its own, stricter
or wider `Content-Security-Policy`, which is not overwritten.
"""

from __future__ import annotations

from flask import Flask, Response, request

from web.config import WebConfig

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action {forms}; base-uri 'none'; frame-ancestors {ancestors}"
)

#: For responses that are data: nothing in them may run, load or be framed.
DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

#: Only the widget page may be framed, and only by the origins in the settings.
FRAMED_ENDPOINTS = frozenset({"widget.show", "widget.check_again"})

#: For all responses, which must not appear in search engines.
FOR_ALL = (("X-Content-Type-Options", "nosniff"), ("X-Robots-Tag", "noindex"))

#: What pages may use of the device. Only the scanner has a camera.
PERMISSIONS = "camera=({camera}), display-capture=(), geolocation=(), microphone=(), payment=(), publickey-credentials-get=(), usb=()"
WITH_CAMERA = ("Permissions-Policy", PERMISSIONS.format(camera="self"))

FOR_PAGES = (
    *FOR_ALL,
    # Cross-site requests do not contain the address of the page. "no-referrer" would also remove the Origin of our forms.
    ("Referrer-Policy", "same-origin"),
    ("Permissions-Policy", PERMISSIONS.format(camera="")),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    # Pages of other sites have no access to windows with our pages, and ours none to theirs.
    ("Cross-Origin-Opener-Policy", "same-origin"),
    # A page is for one person at one time. Responses that may be cached (static files) set this header themselves.
    ("Cache-Control", "no-store"),
)

#: For a response that is for one person, and must not be stored in shared caches.
PRIVATE = (("Cache-Control", "private, no-store"), ("Vary", "Authorization, Cookie"))

#: Addresses below these contain one-time handles and states. No form there needs an Origin header.
WITHOUT_REFERRER = ("/saml/", "/m/")

#: Forms of the console stay in the console. Others may lead to the app.
CONSOLE = "/console/"

#: One year, in seconds. Subdomains are excluded, because they may belong to other services.
HSTS = "max-age=31536000"


def for_data(config: WebConfig) -> list[tuple[str, str]]:
    """Return the headers of every response that is not a page."""
    found = [*FOR_ALL, ("Content-Security-Policy", DATA_POLICY)]
    if config.secure:
        found.append(("Strict-Transport-Security", HSTS))
    return found


def install(app: Flask, config: WebConfig) -> None:
    """Add the headers to every response of the application."""
    data = for_data(config)
    pages = [*FOR_PAGES, ("Strict-Transport-Security", HSTS)] if config.secure else list(FOR_PAGES)
    apps = " ".join(("'self'", *config.widget_frames))
    # Browsers apply the policy for forms to redirects too, and the login form can lead back to the app.
    alone = POLICY.format(ancestors="'none'", forms=apps)
    framed = POLICY.format(ancestors=apps, forms="'self'")
    inside = POLICY.format(ancestors="'none'", forms="'self'")

    @app.after_request
    def protect(response: Response) -> Response:
        if request.path.startswith(WITHOUT_REFERRER):
            response.headers.setdefault("Referrer-Policy", "no-referrer")
        is_page = response.mimetype == "text/html"
        for name, value in pages if is_page else data:
            response.headers.setdefault(name, value)
        if is_page:
            response.headers.setdefault("Content-Security-Policy", policy_here())
        return response

    def policy_here() -> str:
        if request.path.startswith(CONSOLE):
            return inside
        return framed if request.endpoint in FRAMED_ENDPOINTS else alone
