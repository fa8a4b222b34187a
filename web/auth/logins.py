"""The login: who asks, by a cookie of ours in a browser, or by an access token of the app.

The cookie is signed, not secret, and read without Redis or the database; an access token is looked up once and then
remembered by the process. So a cached status stays cheap. The steps when a request is judged:

1. A bearer token is the credential, and the cookie is ignored, whether the token is good or not.
2. Without one, the cookie is the credential. Other schemes are for proxies in front of us, not for us.
3. The cookie's signature must be ours (any key of the rotation), for this purpose, and the login not older than `LASTS`.
   An access token must be one that we gave out, and not have ended. Neither is taken for the other.
4. It counts for the one implementation that it was made for. Elsewhere it is a wrong credential, not a missing one.
5. The login has not been ended (`Logins.standing`). The status reads that together with its cache entry.
"""

from __future__ import annotations

import hashlib
import math
import time
from datetime import timedelta
from enum import Enum
from functools import lru_cache

from flask import Request, Response, request
from itsdangerous import BadData, URLSafeSerializer

from runner.logins import LoginStore, TokenRefused, Visitor, fingerprint
from web.error_references import know
from web.middleware.request_checks import carries_bearer

__all__ = ["LASTS", "Logins", "NoLogin", "Visitor", "visitor_of"]

#: How long a login is good in a browser.
LASTS = timedelta(hours=12)

#: Nobody's cookie is longer than this many characters; more is not worth a signature check.
LONGEST = 2048

#: Cookies and tokens of which a process remembers that it has verified them.
REMEMBERED = 10_000


class NoLogin(Enum):
    """What a request's credential amounts to when it is not a login for the implementation."""

    MISSING = "no credential at all"
    REFUSED = "expired, forged, ended, or of another implementation"


class Logins:
    """Makes and reads logins. One for an application."""

    def __init__(self, *, secret_keys: tuple[str, ...], secure: bool, store: LoginStore) -> None:
        self._signer = URLSafeSerializer(
            list(secret_keys), salt="login with id", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._secure = secure
        self._store = store
        # What was verified once stays so; only its age changes. A refusal raises, and is not remembered.
        self._verified = lru_cache(maxsize=REMEMBERED)(self._verify)
        self._held = lru_cache(maxsize=REMEMBERED)(store.tokens.holder)
        # A __Host- cookie cannot be planted by a sibling domain or over plain http.
        self.cookie = "__Host-login" if secure else "login"

    def sign(self, visitor: Visitor) -> str:
        """Return the login as the value of a cookie. It must have an id, and the time at which it began."""
        assert visitor.login, "a login has an id, by which it can be ended"
        who = [visitor.implementation, visitor.subject, visitor.login, visitor.source, visitor.since]
        who += [visitor.proved, visitor.until]
        return str(self._signer.dumps(who))

    def read(self, value: str) -> Visitor | None:
        """Return whose cookie this is; None if it is forged, expired or garbage."""
        if not 0 < len(value) <= LONGEST:
            return None
        try:
            visitor = self._verified(value)
        except (BadData, ValueError, TypeError):
            return None
        return visitor if time.time() <= cookie_ends(visitor) else None

    def _verify(self, value: str) -> Visitor:
        implementation, subject, login, source, since, proved, until = self._signer.loads(value)
        return Visitor(implementation, subject, login, since, source, proved, until)

    def bearer(self, value: str) -> Visitor | None:
        """Return whose access token this is; None if it is none of ours or has expired. Raises `StoreAway`."""
        known_by = fingerprint(value)
        if known_by is None:
            return None
        try:
            visitor, ends = self._held(known_by)
        except TokenRefused:
            return None
        return visitor if time.time() < ends else None

    def visitor(self, asked: Request) -> Visitor | None:
        """Return whose login a request has; whether it has been ended is not looked at. Raises `StoreAway`."""
        if carries_bearer(asked):
            return self.bearer(asked.headers["Authorization"][7:].strip())
        value = asked.cookies.get(self.cookie)
        return self.read(value) if value else None

    def ends(self, asked: Request, visitor: Visitor) -> float:
        """Return when the credential of a request, which is this visitor's, ends by itself, in Unix seconds."""
        known_by = fingerprint(asked.headers["Authorization"][7:].strip()) if carries_bearer(asked) else None
        return self._held(known_by)[1] if known_by else cookie_ends(visitor)

    def has_credential(self, asked: Request) -> bool:
        """Say whether a request has a credential of our kind at all, good or bad."""
        return carries_bearer(asked) or self.cookie in asked.cookies

    def standing(self, visitor: Visitor) -> bool:
        """Say whether a login has not been ended: one read of Redis. Raises `StoreAway`."""
        return not self._store.ended.is_ended(visitor.implementation, visitor.subject, visitor.login, visitor.since)

    def keep(self, response: Response, visitor: Visitor) -> None:
        """Log the browser in. Whatever it held before is replaced, so a planted login is gone."""
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
        """Log the browser out."""
        response.delete_cookie(self.cookie, path="/", secure=self._secure, httponly=True, samesite="Lax")


def cookie_ends(visitor: Visitor) -> float:
    """Return when a login ends in a browser, in Unix seconds: when its provider wants that, if it is earlier."""
    return min(visitor.since + LASTS.total_seconds(), visitor.until or math.inf)


def visitor_of(implementation: str, logins: Logins) -> Visitor | NoLogin:
    """Return who asks this implementation; whether the login has been ended is not looked at. Raises `StoreAway`."""
    if not logins.has_credential(request):
        return NoLogin.MISSING
    visitor = logins.visitor(request)
    if visitor is None or visitor.implementation != implementation:
        return NoLogin.REFUSED
    know(visitor.implementation, visitor.subject)
    return visitor
