"""What is remembered of logins in Redis, and nowhere else: what happens once, what was seen, what has ended, the app's tokens.

    login_store.py            `LoginStore`, the one object for the web side; its parts are the files below
    visitor.py                who asks, as every login says it
    one_time_states.py        a random handle outside, only its hash inside
    pending_logins.py         those of logins that strangers begin, bounded for each address and in sum
    replays.py                what may come only once
    ended_logins.py           which logins have ended: read with each status, in the same round trip
    idle_timeout.py           how long staff may do nothing
    saml_sessions.py          by what an identity provider names a login when it ends it
    attempt_limits.py         limits and growing delays
    refused_logins.py         the last refused logins, by their codes
    app_tokens.py             the app's codes and tokens
    app_token_formats.py      what they look like
    app_token_scripts.py      what has to be one step, in Lua
    redis_keys.py             the keys: hashes, so that nobody who reads Redis can use what is found there

When Redis does not answer, every part raises `StoreAway`: what cannot be looked up is not believed.
"""

from runner.health.noted_errors import NotedError, NotedErrors
from runner.store.errors import StoreAway

from .app_token_formats import TokenPair, fingerprint
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
    "fingerprint",
]
