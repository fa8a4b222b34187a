"""The login: a signed value that says which user of which implementation asks.

It travels in a cookie of the web view, or as a bearer token of the app. It is signed, not secret, and read without
Redis or the database, so that a cached status stays cheap. The steps when a request is judged:

1. A bearer token is the credential, and the cookie is ignored, whether the token is good or not.
2. Without one, the cookie is the credential. Other schemes are for proxies in front of us, not for us.
3. The signature must be ours (any key of the rotation), for this purpose, and not older than `LASTS`.
4. It counts for the one implementation that it was made for. Elsewhere it is a wrong credential, not a missing one.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import lru_cache

from flask import Flask, Request, Response, request
from flask_login import LoginManager
from itsdangerous import BadData, URLSafeTimedSerializer

from web.config import WebConfig
from web.gate import carries_bearer

#: How long a login is good.
LASTS = timedelta(hours=12)

#: Nobody's login is longer than this many characters; more is not worth a signature check.
LONGEST = 1024


#: Logins of which a process remembers that it has verified them.
REMEMBERED = 10_000


class NoLogin(Enum):
    """What a request's credential amounts to when it is not a login for the implementation."""

    MISSING = "no credential at all"
    REFUSED = "expired, forged, or of another implementation"


@dataclass(frozen=True)
class Visitor:
    """A user of an implementation, as the login says."""

    implementation: str
    subject: str


class Logins:
    """Makes and reads logins. One for an application."""

    def __init__(self, *, secret_keys: tuple[str, ...], secure: bool) -> None:
        self._signer = URLSafeTimedSerializer(
            list(secret_keys), salt="login", signer_kwargs={"digest_method": hashlib.sha256}
        )
        self._secure = secure
        # What was verified once stays so; only its age changes. A refusal raises, and is not remembered.
        self._verified = lru_cache(maxsize=REMEMBERED)(self._verify)
        # A __Host- cookie cannot be planted by a sibling domain or over plain http.
        self.cookie = "__Host-login" if secure else "login"

    def sign(self, visitor: Visitor) -> str:
        """Return the login as a string, for a cookie or a bearer token."""
        return str(self._signer.dumps([visitor.implementation, visitor.subject]))

    def read(self, value: str) -> Visitor | None:
        """Return whose login this is; None if it is forged, expired or garbage."""
        if not 0 < len(value) <= LONGEST:
            return None
        try:
            visitor, signed_at = self._verified(value)
        except (BadData, ValueError, TypeError):
            return None
        return visitor if time.time() - signed_at <= LASTS.total_seconds() else None

    def _verify(self, value: str) -> tuple[Visitor, float]:
        (implementation, subject), signed_at = self._signer.loads(value, return_timestamp=True)
        return Visitor(implementation, subject), signed_at.timestamp()

    def offered(self, asked: Request) -> str | None:
        """Return the credential of a request, unchecked; None if it has none."""
        if carries_bearer(asked):
            return asked.headers["Authorization"][7:].strip()
        return asked.cookies.get(self.cookie)

    def visitor(self, asked: Request) -> Visitor | None:
        """Return whose login a request has."""
        offered = self.offered(asked)
        return self.read(offered) if offered else None

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


def install(app: Flask, config: WebConfig) -> Logins:
    """Let Flask-Login find the visitor of a page in our login, and nowhere else."""
    logins = Logins(secret_keys=config.secret_keys, secure=config.secure)
    manager = LoginManager()
    manager.session_protection = None
    # Flask-Login would rather believe a "remember me" cookie than our login. There is none, under any name; and its
    # `init_app` would look after that cookie in every answer, so it is attached without.
    app.config["REMEMBER_COOKIE_NAME"] = ""
    app.login_manager = manager  # type: ignore[attr-defined]  # Flask-Login's own way to be found
    manager.request_loader(logins.visitor)
    return logins


def visitor_of(implementation: str, logins: Logins) -> Visitor | NoLogin:
    """Return who asks this implementation."""
    # Not by `current_user`: its detour over sessions and other cookies costs a fifth of a cached status.
    offered = logins.offered(request)
    if offered is None:
        return NoLogin.MISSING
    visitor = logins.read(offered)
    return visitor if visitor and visitor.implementation == implementation else NoLogin.REFUSED
