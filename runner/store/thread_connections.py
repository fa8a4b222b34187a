"""Round trips on a connection of each thread, for the path that every attendee's request takes.

redis-py's pipeline takes a connection from the pool, checks and returns it, and handles each reply by options that we do not
use; that costs four times as much as the round trip (docs/decisions/0003). The connections are redis-py's own, so the
password, TLS, timeouts, the mark of the environment, retries and errors are those of the client.
"""

from __future__ import annotations

import os
import threading
import time
from functools import partial
from typing import Any

from hiredis import pack_command
from redis import Redis
from redis.connection import AbstractConnection
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import ResponseError

#: Seconds after which it is checked whether a connection still stands, as redis-py's pool does each time: a client that tries
#: once would fail by one that the server has closed meanwhile.
RESTED_S = 1.0


class ThreadConnections:
    """One connection for each thread that asks, opened at its first request and closed with the thread."""

    def __init__(self, redis: Redis) -> None:
        pool = redis.connection_pool
        self._open = partial(pool.connection_class, **pool.connection_kwargs)
        self._own = threading.local()

    def ask(self, *commands: tuple[Any, ...]) -> list[Any]:
        """Return the replies to a few commands, which are sent together and are no transaction.

        A command is its words: texts, bytes and numbers. Retries and reports as the client does. Raises what the client raises, and the first reply that is an error.
        """
        connection = self._connection()
        packed = b"".join(pack_command(each) for each in commands)
        return connection.retry.call_with_retry(lambda: round_trip(connection, packed, len(commands)), _already_closed)

    def _connection(self) -> AbstractConnection:
        own: AbstractConnection | None = getattr(self._own, "connection", None)
        now = time.monotonic()
        if own is None or own.pid != os.getpid():  # a forked child must not use its parent's
            own = self._own.connection = self._open()
        elif now - self._own.used_at > RESTED_S and _is_closed(own):
            own.disconnect()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        self._own.used_at = now
        return own


def round_trip(connection: AbstractConnection, packed: bytes, count: int) -> list[Any]:
    """Send packed commands and return their replies. Raises the first that is an error, when all have been read."""
    try:
        connection.send_packed_command([packed])  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        replies = [_reply(connection) for _ in range(count)]
    except BaseException:  # replies may be on their way, which must not be taken for those of the next commands
        connection.disconnect()  # type: ignore[no-untyped-call]  # as above
        raise
    for each in replies:
        if isinstance(each, ResponseError):
            raise each
    return replies


def _is_closed(connection: AbstractConnection) -> bool:
    """Say whether the server has closed a connection that rested, or has sent what was not asked for."""
    try:
        return connection.is_connected and connection.can_read()
    except NoConnection:
        return True


def _already_closed(_: Exception) -> None:
    """Do nothing before the next try."""


def _reply(connection: AbstractConnection) -> Any:
    """Return the next reply, also if it is an error: all replies are read before one is raised."""
    try:
        return connection.read_response()
    except ResponseError as error:
        return error
