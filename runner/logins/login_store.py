"""`LoginStore`: everything that Redis keeps of logins, as one object for the web side."""

from __future__ import annotations

from typing import Self

from redis import Redis

from runner.health.noted_errors import NotedErrors
from runner.settings.operator_settings import Settings
from runner.store.clients import StoreWatch, connect

from .app_tokens import AppTokens
from .attempt_limits import AttemptLimits
from .ended_logins import EndedLogins
from .idle_timeout import IdleTimeouts
from .one_time_states import OneTimeStates
from .page_visits import PageVisits
from .pending_logins import PendingLogins
from .refused_logins import RefusedLogins
from .replays import ReplayStore
from .saml_sessions import SamlSessions


class LoginStore:
    """Thread-safe; one for each process. Every part raises `StoreAway` if Redis does not answer."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self.one_time_states = OneTimeStates(redis)
        self.pending_logins = PendingLogins(redis, self.one_time_states)
        self.replays = ReplayStore(redis)
        self.ended_logins = EndedLogins(redis)
        self.idle_timeouts = IdleTimeouts(redis)
        self.saml_sessions = SamlSessions(redis, self.ended_logins)
        self.attempts = AttemptLimits(redis)
        self.refused_logins = RefusedLogins(redis)
        self.tokens = AppTokens(redis, self.ended_logins)
        self.errors = NotedErrors(redis)
        self.visits = PageVisits(redis)

    @property
    def redis(self) -> Redis:
        """The client, for what else the console keeps in Redis."""
        return self._redis

    @classmethod
    def open(cls, settings: Settings, watch: StoreWatch | None = None) -> Self:
        """Open a store with its own client for the Redis in the settings; `watch` is as in `connect`."""
        return cls(connect(settings.redis_url, environment=settings.environment, watch=watch))

    def close(self) -> None:
        """Close the connections."""
        self._redis.close()
