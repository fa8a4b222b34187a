"""Somebody who has just logged in, for all tests which need one."""

import secrets
import time

from runner.logins import Visitor


def visitor(implementation="demo", subject="ada", *, source="saml", since=None):
    login = secrets.token_urlsafe(24)
    return Visitor(implementation, subject, login, int(time.time()) if since is None else since, source)
