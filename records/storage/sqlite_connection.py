"""A connection to SQLite: what is set when it is opened, and how a transaction begins."""

from __future__ import annotations

import sqlite3
import time
from typing import Any, cast

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError


def prepare_sqlite(connection: Any, record: object, *, wait_s: float) -> None:  # noqa: ARG001 - the event's signature
    """Set what SQLite does not keep between connections. `busy_timeout` is the driver's `timeout`."""
    connection.isolation_level = None  # the driver would begin transactions too late, so `begin_sqlite` begins them
    _enter_wal(connection, time.monotonic() + wait_s)
    for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}")


def _enter_wal(connection: Any, deadline: float) -> None:
    """Switch a new file to WAL. If two processes do it at once, one fails in SQLite without waiting, so this retries."""
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def begin_sqlite(connection: Connection) -> None:
    """Begin as a writer or as a reader from the start, because a reader that becomes a writer can fail without waiting.

    Straight at the driver, because SQLAlchemy's way to it costs more than what a run reads.
    """
    reading = bool(connection.get_execution_options().get("reading", False))
    driver, known = cast("sqlite3.Connection", connection.connection.driver_connection), connection.info
    begin = "BEGIN DEFERRED" if reading else "BEGIN IMMEDIATE"
    try:
        if known.get("reading") is not reading:
            driver.execute(f"PRAGMA query_only = {'ON' if reading else 'OFF'}")
            known["reading"] = reading
        driver.execute(begin)
    except sqlite3.Error as error:
        raise DBAPIError.instance(begin, None, error, sqlite3.Error, hide_parameters=True) from error
