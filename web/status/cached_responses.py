"""The response to the most frequent request, in the server's event loop: a cached status for a person who is logged in.

A thread and Flask cost several times as much as the rest of a cached response (see docs/decisions), and at the end of a
session all attendees ask at the same time. So the loop answers what it can answer without waiting for anything but the
store, with the same functions as the view. The steps:

1. The request is a GET of a status, without query and body, with valid identifiers, for our host. Fields that matter to it
   are sent once each.
2. It has a login for that implementation: a cookie, or an access token that this process has looked up before.
3. The status is cached, and the login has not been ended. Both are read in one round trip, and nothing is changed.
4. The user has not asked too often.

In all other cases, in any step, there is no response, and the request goes to the application, which answers or refuses it. A
test checks that both ways give the same response.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from records import fields
from runner.status.cached_reads import CachedReads
from runner.status.status_request import StatusRequest
from web.auth.logins import Visitor
from web.middleware.response_headers import for_data
from web.status.prefer_header import wait_wanted
from web.status.responses import MEDIA_TYPE, StatusResponse, reply
from web.status.services import StatusEndpointServices

PATH = re.compile(f"/api/v1/implementations/({fields.SLUG.pattern})/sessions/({fields.SESSION_ID.pattern})/status")

CONTENT_TYPE = ("Content-Type", MEDIA_TYPE)

#: The fields that matter to the response, in lower case. Any of the second line means that there may be a body.
MATTERING = frozenset({"host", "authorization", "cookie", "prefer", "if-none-match"})
OF_BODIES = frozenset({"content-length", "transfer-encoding", "expect"})


class RequestHead(Protocol):
    """The head of a request, apart from its fields, as the server gives it."""

    method: str
    path: str
    query_string: str
    authority: str | None


class CachedResponses:
    """Used by one event loop only."""

    def __init__(self, services: StatusEndpointServices, reads: CachedReads) -> None:
        self._reads = reads
        self._logins = services.logins
        self._asks = services.rate_limits.asks
        self._hosts = services.config.trusted_hosts
        self._longest_wait_s = services.config.longest_wait_s
        self._headers = for_data(services.config)
        self._cookie = re.compile(rf"(?:^|;)[ \t\f\v]*{re.escape(services.logins.cookie)}=([^;]*)")

    async def response(self, head: RequestHead, fields: Sequence[tuple[str, str]]) -> StatusResponse | None:
        """Return the response with all its headers, or None. The names of the fields are in lower case."""
        # 1. the request
        path = PATH.fullmatch(head.path)
        if path is None or head.method != "GET" or head.query_string or head.authority:
            return None
        sent = _sent_once(fields)
        if sent is None or sent.get("host", "").lower() not in self._hosts:
            return None
        # 2. the login
        visitor = self._visitor(sent)
        if visitor is None or visitor.implementation != path[1]:
            return None
        # 3. the answer
        status = await self._reads.status(
            StatusRequest(path[1], visitor.subject, path[2], visitor.login, visitor.since)
        )
        if status is None:
            return None
        # 4. the limit, which counts each request once: here only one that is answered here
        if self._asks.take((visitor.implementation, visitor.subject)):
            return None
        wait_s = wait_wanted(sent.get("prefer"), self._longest_wait_s)
        found = reply(status, sent.get("if-none-match"), wait_s)
        found.headers.extend(self._headers)
        if found.body:
            found.headers.extend((CONTENT_TYPE, ("Content-Length", str(len(found.body)))))
        return found

    def close(self) -> None:
        """Close the connection to the store."""
        self._reads.close()

    def _visitor(self, sent: dict[str, str]) -> Visitor | None:
        authorization = sent.get("authorization")
        if authorization is not None:
            return self._logins.remembered(authorization[7:]) if authorization.startswith("Bearer ") else None
        cookie = self._cookie.search(sent.get("cookie", ""))
        return self._logins.read(cookie[1]) if cookie else None


def _sent_once(fields: Sequence[tuple[str, str]]) -> dict[str, str] | None:
    """Return the fields that matter by name; None if one of them was sent twice, or if there may be a body."""
    sent: dict[str, str] = {}
    for name, value in fields:
        if name in MATTERING:
            if name in sent:
                return None
            sent[name] = value
        elif name in OF_BODIES:
            return None
    return sent
