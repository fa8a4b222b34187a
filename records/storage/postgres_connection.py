"""A connection to PostgreSQL that does not wait for a server that hangs.

A server that is frozen, or behind a network that drops everything, sends nothing and closes nothing. Its kernel may even
acknowledge what it receives, so no time-out of TCP ends the wait, and `statement_timeout` works in the server only. A slow
statement looks the same from here. So if nothing has come for `SILENCE_S`, a second connection is tried: if the server
answers it at all, the wait goes on; if not, the first connection is closed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any

import psycopg
from sqlalchemy import Engine, event

from records.errors import DatabaseUnresponsive

from .database_watch import DatabaseWatch

#: Seconds without a byte after which the server is probed, and seconds in which it must answer the probe.
SILENCE_S = 2.0
PROBE_S = 2


class ServerSilent(psycopg.OperationalError):
    """Neither the connection in use nor a new one got an answer."""


#: What is raised if a server does not answer in time.
SILENT = (ServerSilent, psycopg.errors.ConnectionTimeout)


class WatchedConnection(psycopg.Connection[Any]):
    """`probe` raises `ServerSilent` if the server does not answer a new connection. None: wait without a limit."""

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
            self.pgconn.finish()  # an orderly close would also wait
            raise


def end_silent_waits(engine: Engine, watch: DatabaseWatch | None) -> None:
    """Let an engine make such connections, and none at all while the database is known to hang."""

    def connect(_dialect: object, _record: object, arguments: Any, options: dict[str, Any]) -> WatchedConnection:
        if watch and watch.database_is_away():
            raise psycopg.OperationalError("it did not answer just now, and is asked again every second")
        connection = WatchedConnection.connect(*arguments, **options)
        connection.probe = partial(_probe, arguments, options, watch)
        return connection

    event.listen(engine, "do_connect", connect)


def _probe(arguments: Any, options: dict[str, Any], watch: DatabaseWatch | None) -> None:
    try:
        psycopg.connect(*arguments, **{**options, "connect_timeout": PROBE_S}).close()
    except psycopg.errors.ConnectionTimeout as error:
        found = ServerSilent(f"it has not answered for {SILENCE_S + PROBE_S:.0f} s, and accepts no new connection")
        if watch:  # at once, so that no other thread that is about to connect waits as well
            watch.database_lost(silent(found))
        raise found from error
    except psycopg.Error:
        return  # it answers, although it refuses the connection


def silent(error: BaseException) -> DatabaseUnresponsive:
    """Return the error for a server that hangs."""
    return DatabaseUnresponsive(f"the database does not answer: {error}")
