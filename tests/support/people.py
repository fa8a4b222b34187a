"""A person who has just logged in, for all tests that need one."""

import secrets
import time

from runner.logins import Visitor


def visitor(implementation="demo", subject="ada", *, source="saml", since=None, until=0):
    login = secrets.token_urlsafe(24)
    now = int(time.time()) if since is None else since
    return Visitor(implementation, subject, login, now, source, now, until)
