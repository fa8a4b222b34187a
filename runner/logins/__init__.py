"""What is kept of logins, in Redis only: one-time states, replays, ended logins, attempts, the app's tokens.

    login_store.py            `LoginStore`, the one object for the web side; its parts are the files below
    visitor.py                who makes a request, as every login says it
    one_time_states.py        values under a random handle, of which only a hash is stored
    pending_logins.py         states of logins that are not finished, limited for each address and in total
    replays.py                messages that may come only once
    ended_logins.py           which logins have ended: read with each status, in the same round trip
    idle_timeout.py           how long staff logins may be idle
    saml_sessions.py          the names by which an identity provider ends a login
    attempt_limits.py         limits and growing delays
    refused_logins.py         the last refused logins, by their codes
    app_tokens.py             the app's codes and tokens
    app_token_formats.py      their formats
    app_token_scripts.py      what must happen in one step, in Lua
    redis_keys.py             the keys: hashes, so that a copy of Redis cannot be used to log in

If Redis does not answer, every part raises `StoreAway`: what cannot be looked up does not count.
"""

from runner.health.noted_errors import NotedError, NotedErrors
from runner.store.errors import StoreAway

from .app_token_formats import TokenPair, access_key, fingerprint, read_access_record
from .app_tokens import AppTokens, TokenRefused
from .attempt_limits import AttemptDecision, AttemptLimits
from .ended_logins import EndedLogins, LoginEnded
from .login_store import LoginStore
from .pending_logins import LoginOrigin, PendingLogins
from .visitor import Visitor

__all__ = [
    "AppTokens",
    "AttemptDecision",
    "AttemptLimits",
    "EndedLogins",
    "LoginEnded",
    "LoginOrigin",
    "LoginStore",
    "NotedError",
    "NotedErrors",
    "PendingLogins",
    "StoreAway",
    "TokenPair",
    "TokenRefused",
    "Visitor",
    "access_key",
    "fingerprint",
    "read_access_record",
]
