"""The responses to the most frequent requests, in the server's event loop, for people who are logged in: what a session shows.

A thread and Flask cost several times as much (see docs/decisions), and at the end of a session all attendees ask at the same
time. So the loop answers what it can answer from memory and from the store, with the same functions as the views. A
request that waits for a run waits here, too, where it costs no thread. The steps:

1. The request gets a status or reports a return, without query and body, with valid identifiers, for our host. Fields that
   matter to it are sent once each.
2. It has a login for that implementation: an access token, or for a status also a cookie. Implementation and session are
   remembered by this process.
3. The user has not asked or returned too often. Each request is counted once: what is not answered here is counted by the
   application.
4. The login has not been ended. That is read together with the cached status, or checked by the claim of a run.

In all other cases, in any step, there is no response, and the request goes to the application, which answers or refuses it. A
test checks that both ways give the same response.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from records import fields
from runner.logins import access_key, fingerprint
from runner.status.asking.loop_answers import LoopAnswers
from runner.status.status_body import Status
from runner.status.status_request import ResolvedRequest, StatusRequest
from web.auth.logins import Visitor
from web.middleware.response_headers import for_data
from web.status.prefer_header import wait_wanted
from web.status.responses import MEDIA_TYPE, StatusResponse, reply
from web.status.services import StatusEndpointServices, asker_of

PATH = re.compile(
    f"/api/v1/implementations/({fields.SLUG.pattern})/sessions/({fields.SESSION_ID.pattern})/status(/returned)?"
)
#: The method by which a status is got, and that by which a return is reported.
GET, POST = "GET", "POST"

CONTENT_TYPE = ("Content-Type", MEDIA_TYPE)

#: The fields that matter to the response, in lower case. Any of the second line means that there may be a body.
MATTERING = frozenset({"host", "authorization", "cookie", "prefer", "if-none-match"})
OF_BODIES = frozenset({"content-length", "transfer-encoding", "expect"})
#: What a client sends that must name a length.
NO_BODY = ("content-length", "0")


class RequestHead(Protocol):
    """The head of a request, apart from its fields, as the server gives it."""

    method: str
    path: str
    query_string: str
    authority: str | None


class LoopResponses:
    """Used by one event loop only."""

    def __init__(self, services: StatusEndpointServices, answers: LoopAnswers) -> None:
        self._answers = answers
        self._logins = services.logins
        self._limits = services.rate_limits
        self._hosts = services.config.trusted_hosts
        self._longest_wait_s = services.config.longest_wait_s
        self._headers = for_data(services.config)
        self._cookie = re.compile(rf"(?:^|;)[ \t\f\v]*{re.escape(services.logins.cookie)}=([^;]*)")

    async def response(self, head: RequestHead, fields: Sequence[tuple[str, str]]) -> StatusResponse | None:
        """Return the response with all its headers, or None. The names of the fields are in lower case."""
        self._answers.start()  # at the first request, which may also be one that waits in a thread
        # 1. the request
        path = PATH.fullmatch(head.path)
        if path is None or head.query_string or head.authority:
            return None
        returns = path[3] is not None
        if head.method != (POST if returns else GET):
            return None
        sent = _sent_once(fields, may_have_length=returns)
        if sent is None or sent.get("host", "").lower() not in self._hosts:
            return None
        # 2. the login; with a cookie alone, the application checks whence a return is reported
        known_by = _fingerprint(sent)
        visitor = self._remembered(sent, known_by, may_be_cookie=not returns)
        is_new = visitor is None
        if visitor is None and known_by:
            visitor = await self._looked_up(known_by)
        if visitor is None or visitor.implementation != path[1]:
            return None
        asker = asker_of(path[1], path[2], visitor)
        resolved = self._answers.resolved(asker)
        if resolved is None:
            return None
        # 3. and 4.
        wait_s = wait_wanted(sent.get("prefer"), self._longest_wait_s)
        if returns:
            status = await self._returned(asker, resolved, wait_s)
        else:
            status = await self._shown(asker, resolved, wait_s, is_new=is_new)
        return self._response(status, sent.get("if-none-match"), wait_s) if status else None

    def close(self) -> None:
        """Close the connections to the store."""
        self._answers.close()

    async def _shown(
        self, asker: StatusRequest, resolved: ResolvedRequest, wait_s: float, *, is_new: bool
    ) -> Status | None:
        """Return the status. For a login that is new here, none will be cached mostly, so the claim looks instead."""
        status = None if is_new else await self._answers.cached(resolved)
        key = asker.implementation, asker.user
        if self._limits.asks.take(key):
            return None
        status = status or await self._answers.ask(resolved, wait_s)
        if status is None:
            self._limits.asks.give_back(key)
        return status

    async def _returned(self, asker: StatusRequest, resolved: ResolvedRequest, wait_s: float) -> Status | None:
        if self._limits.returns.take(asker):
            return None
        status = await self._answers.returned(resolved, wait_s)
        if status is None:
            self._limits.returns.give_back(asker)
        return status

    def _response(self, status: Status, none_match: str | None, wait_s: float) -> StatusResponse:
        found = reply(status, none_match, wait_s)
        found.headers.extend(self._headers)
        if found.body:
            found.headers.extend((CONTENT_TYPE, ("Content-Length", str(len(found.body)))))
        return found

    def _remembered(self, sent: dict[str, str], known_by: str | None, *, may_be_cookie: bool) -> Visitor | None:
        if "authorization" in sent:
            return self._logins.remembered(known_by) if known_by else None
        cookie = self._cookie.search(sent.get("cookie", "")) if may_be_cookie else None
        return self._logins.read(cookie[1]) if cookie else None

    async def _looked_up(self, known_by: str) -> Visitor | None:
        found = await self._answers.value(access_key(known_by))
        return self._logins.learned(known_by, found) if found else None


def _fingerprint(sent: dict[str, str]) -> str | None:
    authorization = sent.get("authorization", "")
    return fingerprint(authorization[7:]) if authorization.startswith("Bearer ") else None


def _sent_once(fields: Sequence[tuple[str, str]], *, may_have_length: bool) -> dict[str, str] | None:
    """Return the fields that matter by name; None if one of them was sent twice, or if there may be a body."""
    sent: dict[str, str] = {}
    for name, value in fields:
        if name in MATTERING:
            if name in sent:
                return None
            sent[name] = value
        elif name in OF_BODIES and not (may_have_length and (name, value) == NO_BODY):
            return None
    return sent
