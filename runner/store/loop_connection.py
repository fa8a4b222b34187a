"""One connection of an event loop to the store, which all its requests share.

What a turn of the loop asks is sent together, and replies come in the order of the questions (`reply_queue`). So a crowd
costs fewer system calls than a connection for each thread.

The connection is opened in a thread by redis-py, so password, TLS, timeouts, the environment mark, retries and reports of
an outage are those of the client. Then the loop takes over its socket, and never waits: without a connection, or without an
answer in time, the asker is told so, and asks in a thread as before.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Protocol

from redis import Redis
from redis.connection import AbstractConnection
from redis.exceptions import RedisError

from .reply_queue import OutOfStep, ReplyQueue, packed
from .thread_connections import round_trip

#: Seconds in which a question must be answered. Then the connection is closed: a late reply must not become another's.
ANSWER_S = 1.0
#: Seconds between two tries to open a connection. Each of them retries as the client does.
PAUSE_S = 0.5
#: Seconds by which a loop comes late that was busy; it then waits for as long before it judges the store.
BUSY_S = 0.1
#: Bytes that are read at once: more than a record of TLS, of which therefore nothing stays behind where the loop does not see it.
READ = 64 * 1024

#: What a socket raises that has nothing to read, or no room to write, at the moment.
NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)

log = logging.getLogger(__name__)


class LoopSubscriber(Protocol):
    """What hears the messages of a channel. It must not raise."""

    def take(self, message: bytes) -> None:
        """Take a message."""

    def opened(self) -> None:
        """Subscribe: this is a new connection."""


class LoopConnection:
    """Used by one event loop only, and opened at its first question.

    Args:
        redis: The client with whose options it is opened.
        first: The commands that each new connection sends first, such as loading scripts.
        answer_s: Seconds in which a question must be answered.
        pause_s: Seconds between two tries to open it.
        subscriber: Whom each new connection is told to, if it is to subscribe to a channel.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        first: Sequence[tuple[Any, ...]],
        answer_s: float = ANSWER_S,
        pause_s: float = PAUSE_S,
        subscriber: LoopSubscriber | None = None,
    ) -> None:
        pool = redis.connection_pool
        # The older protocol: the server then sends nothing that was not asked for.
        self._new = partial(pool.connection_class, **pool.connection_kwargs | {"protocol": 2})
        self._first, self._first_count = b"".join(packed(*each) for each in first), len(first)
        self._subscriber = subscriber
        self._answer_s, self._pause_s = answer_s, pause_s
        self._open: LoopSocket | None = None
        self._next_try = 0.0
        self._opening = self._closed = False

    def ask(self, command: bytes) -> asyncio.Future[Any] | None:
        """Send a packed command; return what will be its reply, or None if the connection is lost. None while there is none."""
        if self._open is None:
            self._open_soon()
            return None
        return self._open.ask(command)

    def drop(self) -> None:
        """Close the connection; the next question opens another one."""
        if self._open:
            self._open.close()

    def close(self) -> None:
        """Close the connection for good."""
        self._closed = True
        self.drop()

    def _open_soon(self) -> None:
        loop = asyncio.get_running_loop()
        if self._opening or self._closed or loop.time() < self._next_try:
            return
        thread = threading.Thread(target=self._connect, args=(loop,), name="store for the loop", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # too many threads or processes at this moment
            log.warning("no connection for the loop: %s", error)
            self._next_try = loop.time() + self._pause_s
        else:
            self._opening = True

    def _connect(self, loop: asyncio.AbstractEventLoop) -> None:
        connection = self._new()
        connected = False
        try:
            ask = partial(round_trip, connection, self._first, self._first_count)
            connection.retry.call_with_retry(ask, lambda _: None)
            connected = True
        except RedisError as error:  # an outage is reported already
            log.debug("no connection for the loop error=%s", type(error).__name__)
        finally:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._opened, loop, connection if connected else None)

    def _opened(self, loop: asyncio.AbstractEventLoop, connection: AbstractConnection | None) -> None:
        self._opening = False
        self._next_try = loop.time() + self._pause_s
        if connection and self._closed:
            connection.disconnect()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        elif connection:
            replies = ReplyQueue(self._subscriber.take if self._subscriber else None)
            self._open = LoopSocket(connection, loop, replies, answer_s=self._answer_s, on_closed=self._lost)
            if self._subscriber:
                self._subscriber.opened()

    def _lost(self) -> None:
        self._open = None


class LoopSocket:
    """A connected socket that a loop reads and writes without waiting. It calls `on_closed` once."""

    def __init__(
        self,
        connection: AbstractConnection,
        loop: asyncio.AbstractEventLoop,
        replies: ReplyQueue,
        *,
        answer_s: float,
        on_closed: Callable[[], None],
    ) -> None:
        self._connection = connection  # which would close the socket when it is collected
        self._socket: socket.socket = connection._sock  # type: ignore[assignment]  # noqa: SLF001 - the library has no other name for it
        self._socket.setblocking(False)
        self._loop = loop
        self._answer_s = answer_s
        self._on_closed = on_closed
        self._replies = replies
        self._outgoing = bytearray()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0  #: when the timer is due
        self._writing = self._closed = False
        loop.add_reader(self._socket, self._read)

    def ask(self, command: bytes) -> asyncio.Future[Any]:
        """Send a packed command; return what will be its reply, or None if the connection is lost."""
        future: asyncio.Future[Any] = self._loop.create_future()
        now = self._loop.time()
        self._replies.expect(future, now)
        if not self._outgoing:
            self._loop.call_soon(self._write)
        self._outgoing += command
        if self._timer is None:
            self._check_at(now + self._answer_s)
        return future

    def close(self) -> None:
        """Close the socket, and tell all that wait."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        if self._timer:
            self._timer.cancel()
        self._connection.disconnect()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        self._replies.give_up()
        self._on_closed()

    def _read(self) -> None:
        try:
            data = self._socket.recv(READ)
        except NOT_NOW:
            return
        except OSError:
            data = b""
        try:
            self._replies.feed(data)
        except OutOfStep as fault:
            log.error("connection to the store closed: %s", fault)  # noqa: TRY400 - where it was found says nothing more
            data = b""
        if not data:
            self.close()

    def _write(self) -> None:
        if self._closed or not self._outgoing:
            return
        try:
            sent = self._socket.send(self._outgoing)
        except NOT_NOW:
            sent = 0
        except OSError:
            self.close()
            return
        del self._outgoing[:sent]
        self._watch_for_room(wanted=bool(self._outgoing))

    def _watch_for_room(self, *, wanted: bool) -> None:
        if wanted and not self._writing:
            self._loop.add_writer(self._socket, self._write)
        elif self._writing and not wanted:
            self._loop.remove_writer(self._socket)
        self._writing = wanted

    def _check_time(self) -> None:
        """Close the connection if the oldest question has waited too long; otherwise look again when it would have.

        What has come is read first. If the loop comes late itself, it was busy, and what the store has sent may not all be here yet.
        """
        self._timer, now = None, self._loop.time()
        was_busy = now > self._due + BUSY_S
        self._read()
        if self._closed:
            return
        oldest = self._replies.oldest
        if oldest is None:
            return
        if oldest + self._answer_s > now or was_busy:
            self._check_at(max(oldest + self._answer_s, now + BUSY_S))
            return
        log.warning("connection to the store closed: no answer for %s s", self._answer_s)
        self.close()

    def _check_at(self, due: float) -> None:
        self._due = due
        self._timer = self._loop.call_at(due, self._check_time)
