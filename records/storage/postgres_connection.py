"""A connection to PostgreSQL that does not wait for a server that hangs.

A server that is frozen, or behind a network that drops everything, says nothing and ends nothing: the kernel there may
even confirm what it is sent, so no time-out of TCP ends the wait, and `statement_timeout` is the server's own. A slow
statement looks the same from here. So when nothing has come for `SILENCE_S`, a second connection is made: if the server
answers that one, in whatever words, the wait goes on; if not, the first one is closed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Protocol

import psycopg
from sqlalchemy import Engine, event

from records.errors import DatabaseUnavailable, DatabaseUnresponsive

#: Seconds without a byte after which the server is asked whether it is there, and those it has to answer that.
SILENCE_S = 2.0
PROBE_S = 2


class ServerSilent(psycopg.OperationalError):
    """Neither the connection in use nor a new one got an answer."""


#: What is raised when a server that can be reached, or whose packets are lost, says nothing in time.
SILENT = (ServerSilent, psycopg.errors.ConnectionTimeout)


class DatabaseWatch(Protocol):
    """Who is told when the database does not answer, and knows whether it is worth asking (`runner.health.outages`)."""

    def database_lost(self, error: DatabaseUnavailable) -> None:
        """Note an error before it is raised."""

    def database_is_away(self) -> bool:
        """Say whether the database hung just now: then nobody waits for it, and everything fails at once."""


class WatchedConnection(psycopg.Connection[Any]):
    """`probe` raises `ServerSilent` if the server does not answer a new connection. None: wait for ever."""

    probe: Callable[[], None] | None = None

    def wait(self, gen: Any, *arguments: Any, **options: Any) -> Any:
        """Wait as psycopg does. Raises `ServerSilent`, with the connection closed."""
        return super().wait(self._watched(gen), *arguments, **options)

    def _watched(self, gen: Any) -> Generator[Any, Any, Any]:
        ask_at = time.monotonic() + SILENCE_S
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if ready:
                    ask_at = time.monotonic() + SILENCE_S
                elif time.monotonic() > ask_at:
                    self._require_answer()
                    ask_at = time.monotonic() + SILENCE_S
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value

    def _require_answer(self) -> None:
        if not self.probe:
            return
        try:
            self.probe()
        except ServerSilent:
            self.pgconn.finish()  # a goodbye would wait, too
            raise


def end_silent_waits(engine: Engine, watch: DatabaseWatch | None) -> None:
    """Let an engine make such connections, and none at all while the database is known to hang."""

    def connect(_dialect: object, _record: object, words: Any, options: dict[str, Any]) -> WatchedConnection:
        if watch and watch.database_is_away():
            raise psycopg.OperationalError("it did not answer just now, and is asked again every second")
        connection = WatchedConnection.connect(*words, **options)
        connection.probe = partial(_probe, words, options, watch)
        return connection

    event.listen(engine, "do_connect", connect)


def _probe(words: Any, options: dict[str, Any], watch: DatabaseWatch | None) -> None:
    try:
        psycopg.connect(*words, **{**options, "connect_timeout": PROBE_S}).close()
    except psycopg.errors.ConnectionTimeout as error:
        found = ServerSilent(f"it has said nothing for {SILENCE_S + PROBE_S:.0f} s, and takes no new connection")
        if watch:  # now, so that nobody who is about to connect waits for it as well
            watch.database_lost(silent(found))
        raise found from error
    except psycopg.Error:
        return  # it answers, though it lets nobody in


def silent(error: BaseException) -> DatabaseUnresponsive:
    """Say that a server hangs."""
    return DatabaseUnresponsive(f"the database does not answer: {error}")
