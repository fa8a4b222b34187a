"""The fast path for the most frequent request: a status for a person who is logged in.

Flask costs more than all the rest of a cached response (see docs/decisions), and at the end of a session all attendees ask
at the same time. So this middleware answers that request itself, with the same functions as the view. The steps:

1. The request is a GET of a status, without a body, with valid identifiers, for our host.
2. It has a login for that implementation.
3. The status service answers. Whether the login was ended is read together with the answer.

In all other cases, in any step, the request is passed on unchanged to the application, which answers or refuses it. A test
checks that both ways give the same response.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from records import fields
from web.auth.logins import Visitor
from web.middleware.request_checks import REFUSED
from web.middleware.response_headers import for_data
from web.session_address import SessionAddress
from web.status.prefer_header import wait_wanted
from web.status.responses import MEDIA_TYPE, StatusResponse, reply
from web.status.services import StatusEndpointServices

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = re.compile(f"/api/v1/implementations/({fields.SLUG.pattern})/sessions/({fields.SESSION_ID.pattern})/status")


class FastPath:
    """WSGI middleware around the whole application."""

    def __init__(self, application: WSGIApplication, services: StatusEndpointServices) -> None:
        self._application = application
        self._services = services
        self._hosts = services.config.trusted_hosts
        self._headers = for_data(services.config)
        self._cookie = re.compile(rf"(?:^|;)[ \t\f\v]*{re.escape(services.logins.cookie)}=([^;]*)")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or call the application."""
        found = self._reply(environ)
        if found is None:
            return self._application(environ, start_response)
        headers = [*found.headers, *self._headers]
        if found.body:
            headers += (("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(found.body))))
        start_response(f"{found.code.value} {found.code.phrase}", headers)
        return [found.body]

    def _reply(self, environ: WSGIEnvironment) -> StatusResponse | None:
        # 1. the request
        if environ["REQUEST_METHOD"] != "GET" or environ.get("HTTP_HOST", "").lower() not in self._hosts:
            return None
        path = PATH.fullmatch(environ["PATH_INFO"])
        if path is None or environ.get("SCRIPT_NAME") or "CONTENT_LENGTH" in environ or REFUSED in environ:
            return None
        wait_s = wait_wanted(environ.get("HTTP_PREFER"), self._services.config.longest_wait_s)
        try:
            # 2. the login
            visitor = self._visitor(environ)
            if visitor is None or visitor.implementation != path[1]:
                return None
            # 3. the answer
            status = self._services.ask(SessionAddress(path[1], path[2]), visitor, wait_s)
        except Exception:  # noqa: BLE001 - not swallowed: it occurs again in the application, which logs it and answers
            return None
        return reply(status, environ.get("HTTP_IF_NONE_MATCH"), wait_s)

    def _visitor(self, environ: WSGIEnvironment) -> Visitor | None:
        authorization = environ.get("HTTP_AUTHORIZATION")
        if authorization is not None:
            return self._services.logins.bearer(authorization[7:]) if authorization.startswith("Bearer ") else None
        cookie = self._cookie.search(environ.get("HTTP_COOKIE", ""))
        return self._services.logins.read(cookie[1]) if cookie else None
