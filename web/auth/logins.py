"""The login of a request: by our cookie in a browser, or by an access token of the app.

The cookie is signed, not encrypted, and read without Redis or the database; an access token is looked up once and then
cached by the process. So a cached status stays cheap. The steps for each request:

1. If there is a bearer token, it is the credential, and the cookie is ignored, even if the token is not valid.
2. Otherwise the cookie is the credential. Other authentication schemes are for proxies, and are ignored.
3. The cookie must be signed with one of our keys, for this purpose, and the login must not be older than `LASTS`. An
   access token must be one that we have issued, and must not have expired. One cannot be used in place of the other.
4. The login is valid only for its own implementation. For another one it is an invalid credential, not a missing one.
5. The login has not been ended (`Logins.is_active`). The status service checks this together with the cache entry.
"""

from __future__ import annotations

import hashlib
import math
import time
from datetime import timedelta
from enum import Enum
from functools import lru_cache
from sys import intern

from flask import Request, Response, request
from itsdangerous import BadData, URLSafeSerializer

from runner.logins import LoginStore, TokenRefused, Visitor, fingerprint, read_access_record
from web.auth.remembered_tokens import RememberedTokens
from web.error_references import note_user
from web.middleware.request_checks import carries_bearer

__all__ = ["LASTS", "Logins", "NoLogin", "Visitor", "visitor_of"]

#: How long a login lasts in a browser.
LASTS = timedelta(hours=12)

#: Most characters of a cookie; a longer value is refused without checking its signature.
LONGEST = 2048

#: Most verified cookies, and most looked-up tokens, that a process caches: more than attendees of a large event. At most 0.8 KB
#: for each cookie and 0.4 KB for each token (docs/decisions/0036).
REMEMBERED = 60_000


class NoLogin(Enum):
    """Why a request has no login for the implementation."""

    MISSING = "no credential at all"
    REFUSED = "expired, forged, ended, or of another implementation"


class Logins:
    """Makes and reads logins. An application has one."""

    def __init__(self, *, secret_keys: tuple[str, ...], secure: bool, store: LoginStore) -> None:
        self._signer = URLSafeSerializer(
            list(secret_keys), salt="login with id", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._secure = secure
        self._store = store
        # A verified value stays valid; only its age changes. A refusal raises, and is not cached.
        self._verified = lru_cache(maxsize=REMEMBERED)(self._verify)
        self._tokens = RememberedTokens(store.tokens.holder, most=REMEMBERED)
        # A __Host- cookie cannot be planted by a sibling domain or over plain http.
        self.cookie = "__Host-login" if secure else "login"

    def sign(self, visitor: Visitor) -> str:
        """Return the login as the value of a cookie. It must have an id and a start time."""
        assert visitor.login, "a login has an id, by which it can be ended"
        who = [visitor.implementation, visitor.subject, visitor.login, visitor.source, visitor.since]
        who += [visitor.proved, visitor.until]
        return str(self._signer.dumps(who))

    def read(self, value: str) -> Visitor | None:
        """Return the login of a cookie; None if the cookie is forged, expired or malformed."""
        if not 0 < len(value) <= LONGEST:
            return None
        try:
            visitor = self._verified(value)
        except (BadData, ValueError, TypeError):
            return None
        return visitor if time.time() <= cookie_ends(visitor) else None

    def _verify(self, value: str) -> Visitor:
        implementation, subject, login, source, since, proved, until = self._signer.loads(value)
        return Visitor(intern(implementation), subject, login, since, intern(source), proved, until)

    def bearer(self, value: str) -> Visitor | None:
        """Return the login of an access token; None if it is unknown or has expired. Raises `StoreAway`."""
        digest = fingerprint(value)
        if digest is None:
            return None
        try:
            visitor, ends = self._tokens.holder(digest)
        except TokenRefused:
            return None
        return visitor if time.time() < ends else None

    def remembered(self, known_by: str) -> Visitor | None:
        """Return the login of an access token, by its fingerprint, that was looked up before and has not expired. Waits for nothing."""
        known = self._tokens.remembered(known_by)
        return known[0] if known and time.time() < known[1] else None

    def learned(self, known_by: str, found: bytes) -> Visitor | None:
        """Remember what the store holds of an access token (`access_key`), and return its login; None if it has expired."""
        self._tokens.remember(known_by, read_access_record(found))
        return self.remembered(known_by)

    def visitor(self, http_request: Request) -> Visitor | None:
        """Return the login of a request, without checking whether it was ended. Raises `StoreAway`."""
        if carries_bearer(http_request):
            return self.bearer(http_request.headers["Authorization"][7:].strip())
        value = http_request.cookies.get(self.cookie)
        return self.read(value) if value else None

    def ends(self, http_request: Request, visitor: Visitor) -> float:
        """Return when the credential of this visitor in a request expires, in Unix seconds."""
        digest = (
            fingerprint(http_request.headers["Authorization"][7:].strip()) if carries_bearer(http_request) else None
        )
        return self._tokens.holder(digest)[1] if digest else cookie_ends(visitor)

    def has_credential(self, http_request: Request) -> bool:
        """Say whether a request has a credential, valid or not."""
        return carries_bearer(http_request) or self.cookie in http_request.cookies

    def is_active(self, visitor: Visitor) -> bool:
        """Say whether a login has not been ended. Reads Redis once. Raises `StoreAway`."""
        return not self._store.ended_logins.is_ended(
            visitor.implementation, visitor.subject, visitor.login, visitor.since
        )

    def keep(self, response: Response, visitor: Visitor) -> None:
        """Set the cookie of a login. It replaces the browser's earlier login, even a planted one."""
        response.set_cookie(
            self.cookie,
            self.sign(visitor),
            max_age=LASTS,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="Lax",
        )

    def forget(self, response: Response) -> None:
        """Delete the cookie."""
        response.delete_cookie(self.cookie, path="/", secure=self._secure, httponly=True, samesite="Lax")


def cookie_ends(visitor: Visitor) -> float:
    """Return when a login ends in a browser, in Unix seconds; earlier if its provider requires that."""
    return min(visitor.since + LASTS.total_seconds(), visitor.until or math.inf)


def visitor_of(implementation: str, logins: Logins) -> Visitor | NoLogin:
    """Return the login of the request for this implementation, without checking whether it was ended. Raises `StoreAway`."""
    if not logins.has_credential(request):
        return NoLogin.MISSING
    visitor = logins.visitor(request)
    if visitor is None or visitor.implementation != implementation:
        return NoLogin.REFUSED
    note_user(visitor.implementation, visitor.subject)
    return visitor
