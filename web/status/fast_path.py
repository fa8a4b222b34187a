"""The short way for the commonest request of all: somebody who is logged in asks for a status.

Flask's machinery costs more than the whole rest of a cached answer (see docs/decisions), and a conference asks when a
session ends, all at once. So this layer stands before the application and answers that one request itself, with the
very functions which the view uses. The steps:

1. It is a GET of a status, without a body, with well-formed identifiers, for our host.
2. It carries a login of ours for that implementation.
3. The desk answers: that the login has not been ended is read together with the answer.

Whatever is otherwise, in any step, goes on to the application untouched, which answers or refuses it in full. A test
holds that both ways give the same answer.
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
    """A WSGI application around the whole one."""

    def __init__(self, application: WSGIApplication, counter: StatusEndpointServices) -> None:
        self._application = application
        self._counter = counter
        self._hosts = counter.config.trusted_hosts
        self._headers = for_data(counter.config)
        self._cookie = re.compile(rf"(?:^|;)[ \t\f\v]*{re.escape(counter.logins.cookie)}=([^;]*)")

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer, or hand on."""
        found = self._reply(environ)
        if found is None:
            return self._application(environ, start_response)
        headers = [*found.headers, *self._headers]
        if found.body:
            headers += (("Content-Type", MEDIA_TYPE), ("Content-Length", str(len(found.body))))
        start_response(f"{found.code.value} {found.code.phrase}", headers)
        return [found.body]

    def _reply(self, environ: WSGIEnvironment) -> StatusResponse | None:
        # 1. what is asked
        if environ["REQUEST_METHOD"] != "GET" or environ.get("HTTP_HOST", "").lower() not in self._hosts:
            return None
        path = PATH.fullmatch(environ["PATH_INFO"])
        if path is None or environ.get("SCRIPT_NAME") or "CONTENT_LENGTH" in environ or REFUSED in environ:
            return None
        wait_s = wait_wanted(environ.get("HTTP_PREFER"), self._counter.config.longest_wait_s)
        try:
            # 2. who asks
            visitor = self._visitor(environ)
            if visitor is None or visitor.implementation != path[1]:
                return None
            # 3. the answer
            status = self._counter.ask(SessionAddress(path[1], path[2]), visitor, wait_s)
        except Exception:  # noqa: BLE001 - nothing is swallowed: the application meets it again, logs it and answers
            return None
        return reply(status, environ.get("HTTP_IF_NONE_MATCH"), wait_s)

    def _visitor(self, environ: WSGIEnvironment) -> Visitor | None:
        authorization = environ.get("HTTP_AUTHORIZATION")
        if authorization is not None:
            return self._counter.logins.bearer(authorization[7:]) if authorization.startswith("Bearer ") else None
        cookie = self._cookie.search(environ.get("HTTP_COOKIE", ""))
        return self._counter.logins.read(cookie[1]) if cookie else None
