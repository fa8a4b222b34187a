"""`LoginStore`: everything about logins that Redis remembers, as one object for the web side."""

from __future__ import annotations

from typing import Self

from redis import Redis

from runner.settings import Settings
from runner.store import StoreWatch, connect

from .attempts import AttemptLimits
from .begun import PendingLogins
from .ended import EndedLogins
from .idle import IdleTimeouts
from .noted_errors import NotedErrors
from .once import OneTimeStates
from .refused import RefusedLogins
from .saml_sessions import SamlSessions
from .seen import ReplayStore
from .tokens import AppTokens


class LoginStore:
    """Thread-safe; one for a process. Every part raises `StoreAway` when Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self.once = OneTimeStates(redis)
        self.begun = PendingLogins(redis, self.once)
        self.seen = ReplayStore(redis)
        self.ended = EndedLogins(redis)
        self.idle = IdleTimeouts(redis)
        self.saml_sessions = SamlSessions(redis, self.ended)
        self.attempts = AttemptLimits(redis)
        self.refused = RefusedLogins(redis)
        self.tokens = AppTokens(redis, self.ended)
        self.errors = NotedErrors(redis)

    @classmethod
    def open(cls, settings: Settings, watch: StoreWatch | None = None) -> Self:
        """A store with a client of its own for the Redis that the settings name; `watch` is as in `connect`."""
        return cls(connect(settings.redis_url, environment=settings.environment, watch=watch))

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()
