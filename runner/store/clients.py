"""Clients of the store, a Valkey or Redis server: how long each kind waits, and which errors mean that the store is away."""

from __future__ import annotations

import copy
from typing import Any, Protocol, Self

from redis import Redis
from redis.backoff import ExponentialBackoff, NoBackoff
from redis.driver_info import DriverInfo
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError, ResponseError
from redis.exceptions import TimeoutError as NoAnswer
from redis.retry import Retry

from .environment_mark import EnvironmentMarkCheck, StoreEnvironmentMismatch
from .error_replies import StoreRefuses, refusal_of

#: Connections of one client: more than a process ever has threads. redis-py's default of 100 would refuse the next.
MOST_CONNECTIONS = 1024


#: The errors of an operation that got no answer, and of one that the store cannot do now. Other errors are answers.
SILENT = (NoConnection, NoAnswer)
#: What redis-py and the socket raise when no answer came in time.
_TOO_LATE = (NoAnswer, TimeoutError)
AWAY = (*SILENT, StoreEnvironmentMismatch, StoreRefuses)


class StoreWatch(Protocol):
    """Notes when the store does not answer, and knows whether it is worth asking (`runner.health.outages`)."""

    def store_lost(self, error: RedisError, *, silent: bool = False) -> None:
        """Note that an operation failed because the store is away; called after its last try, before the error is raised.

        `silent`: there was no answer for as long as a request may wait, so others must not wait as well.
        """

    def store_is_away(self) -> bool:
        """Say whether the store was silent just now; operations then fail at once."""


def connect(url: str, *, environment: str | None = None, watch: StoreWatch | None = None) -> Redis:
    """Return a client for the web side and our own keys: short timeouts, so that a dead store costs little time.

    Never pass it to RQ, which changes the timeouts of its pool. `environment` is what the process runs in; a store of
    another environment is refused (`environment_mark`). None, which accepts any, is for tools and tests. `watch` is for
    processes that serve, in which thousands of requests must not each wait for a store that is away.
    """
    retry = ReportingRetry(ExponentialBackoff(cap=0.2, base=0.02), 2, watch, waits_once=True)
    return client(url, environment, answer_s=2.0, connect_s=1.0, retry=retry)


def connect_queue(url: str, *, environment: str | None = None, watch: StoreWatch | None = None) -> Redis:
    """Return a client for one RQ worker, which blocks for longer than redis-py's default timeout of five seconds."""
    retry = ReportingRetry(ExponentialBackoff(cap=0.5, base=0.05), 3, watch)
    return client(url, environment, answer_s=30.0, connect_s=2.0, retry=retry)


def connect_brief(url: str, *, environment: str | None = None, watch: StoreWatch | None = None) -> Redis:
    """Return a client for what can be left out: calls to vendors have a deadline, and must not spend it on a hanging store."""
    return client(url, environment, answer_s=0.3, connect_s=0.3, retry=ReportingRetry(NoBackoff(), 0, watch))


def connect_once(url: str, *, environment: str | None = None) -> Redis:
    """Return a client that tries once, so that it is known within a second or two whether the store answers."""
    return client(url, environment, answer_s=1.0, connect_s=1.0, retry=Retry(NoBackoff(), 0))


class ReportingRetry(Retry):
    """Retries as redis-py does, reports when no try has helped, and tries nothing while the store is known to be away.

    `waits_once`: after a timeout there is no retry. redis-py nests its retries (an operation, a check of an idle
    connection, a new connection), each with its own wait, so that a frozen store took a minute.
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
        """Raises what the last try raised, or `StoreRefuses` for a reply by which the store says that it cannot serve now."""
        if self._watch and self._watch.store_is_away():
            raise NoConnection("the store did not answer just now, and is asked again every second")
        if self._waits_once:  # the connection is closed already, as after every error
            options["is_retryable"] = _is_no_timeout
        try:
            return super().call_with_retry(*arguments, **options)
        except AWAY as error:
            self._report(error)
            raise
        except ResponseError as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            self._report(refusal)
            raise refusal from error

    def _report(self, error: RedisError) -> None:
        if self._watch:
            self._watch.store_lost(error, silent=self._waits_once and isinstance(error, NoAnswer))


def _is_no_timeout(error: Exception) -> bool:
    return not isinstance(error, _TOO_LATE)


def client(url: str, environment: str | None, *, answer_s: float, connect_s: float, retry: Retry) -> Redis:
    """Return a client with its own pool."""
    return Redis.from_url(
        url,
        socket_timeout=answer_s,
        socket_connect_timeout=connect_s,
        retry=retry,
        health_check_interval=15,
        max_connections=MOST_CONNECTIONS,
        driver_info=DriverInfo(),  # each connection would look its version up on the disk, in 5 ms of processor time
        redis_connect_func=EnvironmentMarkCheck(environment) if environment else None,
    )
