"""Authorization: who may use which view. It runs after the request checks and the CSRF check, before every view.

The steps, in this order:

1. A view that does not declare what it requires is refused to everyone.
2. A view for everyone is allowed, with or without a login.
3. Without a login, the person must sign in first, and then returns.
4. An implementation that the person may not see is answered as if it did not exist.
5. The person's roles must give the permission in this implementation, or in the person's own one if the view has none.
6. The most dangerous changes require a login that is minutes old: the person must authenticate again.

Refusals are logged with the view and the reason, never with the person. If a form was sent, the page that says what to
do preserves what was typed, except secrets.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from urllib.parse import urlencode

from flask import Flask, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from web.auth.staff.staff_member import StaffMember, member
from web.middleware.request_checks import SAFE_METHODS
from web.permissions import Permission, RequiredPermission, need_of
from web.problem_details import NO_IMPLEMENTATION, HttpProblem
from web.redirects import local_path, see_other

log = logging.getLogger(__name__)

#: Flask's own view, which cannot declare a permission. Our static files are public.
STATIC = "static"

SIGN_IN = "/console/in"

#: A field with one of these words in its name is never shown again.
SECRET_WORDS = ("secret", "password", "token", "key", "credential")


def install(app: Flask) -> None:
    """Check the authorization before every view."""

    @app.before_request
    def enter() -> AnyResponse | None:
        if request.endpoint is None or request.endpoint == STATIC:  # no view: Flask's own 404, 405 or static file
            return None
        need = need_of(app.view_functions.get(request.endpoint))
        if need is None:  # 1.
            log.error("refused: the view does not declare what it requires endpoint=%s", request.endpoint)
            raise HttpProblem(HTTPStatus.FORBIDDEN, "This is not available to anyone.")
        if need.permission is Permission.ANYONE:  # 2.
            return None
        found = member()
        if found is None:  # 3.
            return _sign_in_first()
        _check(need, found, (request.view_args or {}).get("implementation"))  # 4., 5.
        if need.fresh and not found.fresh:  # 6.
            return _prove_again(found)
        return None


def _check(need: RequiredPermission, found: StaffMember, implementation: str | None) -> None:
    if implementation is not None and not found.may(Permission.SEE_CONSOLE, implementation):  # 4.
        _log_refusal("implementation not visible")
        raise HttpProblem(HTTPStatus.NOT_FOUND, NO_IMPLEMENTATION)
    if not found.may(need.permission, implementation or found.visitor.implementation):  # 5.
        _log_refusal(f"may not {need.permission}")
        who = f"You are signed in as {found.name} ({found.user.username or found.user.subject})."
        raise HttpProblem(HTTPStatus.FORBIDDEN, f"Your roles do not allow you to {need.permission}. {who}")


def _sign_in_first() -> Response:
    """Redirect to the sign-in, or preserve what was typed."""
    _log_refusal("not signed in")
    if request.method in SAFE_METHODS:
        return see_other(f"{SIGN_IN}?{urlencode({'next': _this_page()})}")
    return _page_with_form(SIGN_IN, "Sign in first", "You are no longer signed in.", "Sign in")


def _prove_again(found: StaffMember) -> Response:
    """Redirect to a step-up, or preserve what was typed. The first administrator needs a new link instead."""
    _log_refusal("not fresh")
    if found.is_first:
        return _page("console/new_link.html", title="A new link is needed")
    way = f"/saml/{found.visitor.implementation}/login?fresh=1"  # the only login method of staff
    if request.method in SAFE_METHODS:
        return see_other(f"{way}&{urlencode({'next': _this_page()})}")
    why = "This change needs a login that is less than ten minutes old."
    return _page_with_form(way, "Confirm that it is you", why, "Confirm that it is me")


def _page_with_form(way: str, headline: str, why: str, link: str) -> Response:
    joint = "&" if "?" in way else "?"
    way += joint + urlencode({"next": "/console/in/done"})
    return _page("console/again.html", title=headline, why=why, link=link, way=way)


def _page(template: str, **words: str) -> Response:
    """Render one of these pages, with what was typed. It has no navigation, because there is only one thing to do."""
    typed = [(name, value) for name, value in request.form.items(multi=True) if not _is_secret(name)]
    left_out = [name for name in request.form if _is_secret(name) and name != "csrf_token" and request.form[name]]
    page = render_template(
        template,
        **words,
        sent=request.method not in SAFE_METHODS,
        typed=typed,
        left_out=bool(left_out or request.files),
        address=_this_page(),
        implementation=None,
        crumbs=(),
        navigation=(),
    )
    return Response(page, HTTPStatus.FORBIDDEN, mimetype="text/html")


def _is_secret(name: str) -> bool:
    return any(word in name.lower() for word in SECRET_WORDS)


def _this_page() -> str:
    return local_path(request.full_path.removesuffix("?")) or "/console/"


def _log_refusal(code: str) -> None:
    log.warning("refused code=%s endpoint=%s method=%s", code, request.endpoint, request.method)
