"""What is remembered of logins in Redis, and nowhere else: what happens once, what was seen, what has ended, the app's tokens.

    store.py          `LoginStore`, the one object for the web side; its parts are the files below
    visitor.py        who asks, as every login says it
    once.py           one-time states: a random handle outside, only its hash inside
    begun.py          those of logins that strangers begin, bounded for each address and in sum
    seen.py           what may come only once (replays)
    ended.py          which logins have ended: read with each status, in the same round trip
    idle.py           how long staff may do nothing
    saml_sessions.py  by what an identity provider names a login when it ends it
    attempts.py       limits and growing delays
    refused.py        the last refused logins, by their codes
    noted_errors.py   the last errors that people were shown, by their references: refused logins among them
    tokens.py         the app's codes and tokens (`token_shapes.py`: what they look like; `token_scripts.py`: what has
                      to be one step, in Lua)
    naming.py         the keys: hashes, so that nobody who reads Redis can use what he finds

When Redis does not answer, every part raises `StoreAway`: what cannot be looked up is not believed.
"""

from .attempts import AttemptDecision, AttemptLimits
from .begun import LoginOrigin, PendingLogins
from .ended import EndedLogins, LoginEnded
from .errors import StoreAway
from .noted_errors import NotedError, NotedErrors
from .store import LoginStore
from .token_shapes import TokenPair, fingerprint
from .tokens import AppTokens, TokenRefused
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
