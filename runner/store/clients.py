"""Clients of the store, a Valkey or Redis server: how long each kind waits, and what counts as away."""

from __future__ import annotations

import copy
from typing import Any, Protocol, Self

from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

from .environment_mark import EnvironmentMarkCheck, StoreEnvironmentMismatch
from .error_replies import StoreRefuses, refusal_of

#: Connections of one client: more than a process ever has threads, as redis-py's own hundred would refuse the next.
MOST_CONNECTIONS = 1024


#: The errors of an operation to which the store said nothing, and of one that it cannot do; others are answers.
SILENT = (NoConnection, NoAnswer)
#: What redis-py and the socket raise when no answer came in time.
_TOO_LATE = (NoAnswer, TimeoutError)
AWAY = (*SILENT, StoreEnvironmentMismatch, StoreRefuses)


class StoreWatch(Protocol):
    """Who is told when the store does not answer, and knows whether it is worth asking (`runner.health.outages`)."""

    def store_lost(self, error: RedisError, *, silent: bool = False) -> None:
        """Note that an operation failed because the store is away, after its last try, before the error is raised.

        `silent`: it said nothing for as long as anybody may wait, so that others must not wait for it as well.
        """

    def store_is_away(self) -> bool:
        """Say whether the store said nothing just now: then nobody waits for it, and operations fail at once."""


def connect(url: str, *, environment: str | None = None, watch: StoreWatch | None = None) -> Redis:
    """A client for the web side and for our own keys: short timeouts, so that a dead store costs little.

    Never hand it to RQ, which changes the timeouts of the pool that it is given. `environment` is what the process runs
    in: a store of another one is refused (`store_mark`). None, which takes any, is for tools and tests. `watch` is for
    processes that serve: thousands of requests must not each wait for a store that is away.
    """
    retry = ReportingRetry(ExponentialBackoff(cap=0.2, base=0.02), 2, watch, waits_once=True)
    return client(url, environment, answer_s=2.0, connect_s=1.0, retry=retry)


def connect_queue(url: str, *, environment: str | None = None, watch: StoreWatch | None = None) -> Redis:
    """A client for one RQ worker, which blocks for long; redis-py's own five seconds would break that."""
    retry = ReportingRetry(ExponentialBackoff(cap=0.5, base=0.05), 3, watch)
    return client(url, environment, answer_s=30.0, connect_s=2.0, retry=retry)


def connect_brief(url: str, *, environment: str | None = None, watch: StoreWatch | None = None) -> Redis:
    """A client for what can be left out: calls to vendors have a deadline, and a hanging store must not eat it up."""
    return client(url, environment, answer_s=0.3, connect_s=0.3, retry=ReportingRetry(NoBackoff(), 0, watch))


def connect_once(url: str, *, environment: str | None = None) -> Redis:
    """A client that tries once: it says within a second or two whether the store answers."""
    return client(url, environment, answer_s=1.0, connect_s=1.0, retry=Retry(NoBackoff(), 0))


class ReportingRetry(Retry):
    """Tries again as redis-py does, tells when no try has helped, and tries nothing while the store is known to be away.

    `waits_once`: after a store that said nothing in time, nothing is tried again. redis-py tries within tries (an
    operation, a check of an idle connection, a new connection), each with its own wait: a frozen store took a minute.
    """

    def __init__(self, backoff: Any, retries: int, watch: StoreWatch | None, *, waits_once: bool = False) -> None:
        super().__init__(backoff, retries)
        self._watch = watch
        self._waits_once = waits_once

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return a copy for one connection, with the same watch."""
        backoff = copy.deepcopy(self._backoff, memo)
        return type(self)(backoff, self._retries, self._watch, waits_once=self._waits_once)

    def call_with_retry(self, *arguments: Any, **options: Any) -> Any:
        """Raises what the last try raised, and `StoreRefuses` for a reply that says that the store cannot serve now."""
        if self._watch and self._watch.store_is_away():
            raise NoConnection("the store did not answer just now, and is asked again every second")
        if self._waits_once:  # the connection is closed by then, as after every error
            options["is_retryable"] = _came_in_time
        try:
            return super().call_with_retry(*arguments, **options)
        except AWAY as error:
            self._tell(error)
            raise
        except ResponseError as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            self._tell(refusal)
            raise refusal from error

    def _tell(self, error: RedisError) -> None:
        if self._watch:
            self._watch.store_lost(error, silent=self._waits_once and isinstance(error, NoAnswer))


def _came_in_time(error: Exception) -> bool:
    return not isinstance(error, _TOO_LATE)


def client(url: str, environment: str | None, *, answer_s: float, connect_s: float, retry: Retry) -> Redis:
    """A client with a pool of its own."""
    return Redis.from_url(
        url,
        socket_timeout=answer_s,
        socket_connect_timeout=connect_s,
        retry=retry,
        health_check_interval=15,
        max_connections=MOST_CONNECTIONS,
        redis_connect_func=EnvironmentMarkCheck(environment) if environment else None,
    )
