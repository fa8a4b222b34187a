"""The database: one bounded pool of connections for each process, and the only place that begins and ends transactions.

SQLite and PostgreSQL differ in locks, forks and time zones; only this module needs to know how.

What callers can rely on:
- A `Database` may be shared by all threads of a process. A `Session` belongs to one thread.
- It survives a fork: the child drops the parent's connections without closing them.
- `session()` holds SQLite's one write lock from its first statement on, so a transaction that reads and then writes waits
  its turn instead of failing halfway. Keep it short, and never call a vendor in it.
- `reading()` takes no write lock and cannot write. Use it for everything on the hot path.
"""

from __future__ import annotations

import json
import os
import sqlite3
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, Pool, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from records.errors import Conflict, DatabaseUnavailable, RuleViolation

from . import environment_mark, schema_version
from .database_watch import DatabaseWatch
from .large_indexes import build_large_indexes
from .row_statement import RowStatement
from .sqlite_connection import begin_sqlite, prepare_sqlite
from .sqlite_file import SqliteFile

#: Connections of one process; each thread in a transaction holds one.
POOL_SIZE = 16
#: Seconds to wait for a connection of the pool, and for a lock of the database.
WAIT_S = 10.0
#: Operational errors of SQLite that waiting does not solve: bad SQL or a missing table, and a write while reading.
_SQLITE_BUGS = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_READONLY)
#: The file is not a database, or is damaged.
_SQLITE_RUINED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
#: A PostgreSQL server that vanishes from the network is noticed after about 15 seconds without an answer.
_KEEPALIVE = {
    "keepalives_idle": "5",
    "keepalives_interval": "3",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
_DRIVERS = ("sqlite", "postgresql+psycopg")


class Database:
    """The records of one installation, in SQLite (`sqlite:///path`) or PostgreSQL (`postgresql+psycopg://…`).

    Nothing is opened before the first use. `pool_size` limits the connections of this process. `environment` is what the
    process runs in: a database that was made for another one is refused before the first transaction. None, which accepts
    any, is for tools and tests; a test checks that the product always passes it. `watch` is told of each
    `DatabaseUnavailable` before it is raised. While it says that the database hangs, `DatabaseUnavailable` is raised at once.
    """

    def __init__(
        self,
        url: str,
        *,
        environment: str | None = None,
        pool_size: int = POOL_SIZE,
        wait_s: float = WAIT_S,
        watch: DatabaseWatch | None = None,
    ) -> None:
        self._watch = watch
        self.engine = _engine(checked_url(url), pool_size, wait_s)
        self._file = SqliteFile.of(self.engine.url)
        if self._file:
            self._file.watch(self.engine)
        else:
            _postgres_connection().end_silent_waits(self.engine, watch)
        self._reading = self.engine.execution_options(reading=True, postgresql_readonly=True)
        self._environment = environment
        self._recognised = environment is None
        _forget_connections_after_fork(self)

    def __repr__(self) -> str:
        return f"<Database {self.place}>"

    @property
    def place(self) -> str:
        """What and where it is, for people: the file, or host, port and name, without user and password."""
        url = self.engine.url
        if self._file:
            return f"SQLite, {url.database}"
        host = url.host or url.query.get("host", "the socket of this machine")
        port = url.port or url.query.get("port", 5432)
        return f"PostgreSQL, host {host}, port {port}, database {url.database}"

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Begin a transaction that may write; commit at the end, roll back on any exception."""
        self.require_environment()
        with self._translated(), Session(self.engine, expire_on_commit=False) as db, db.begin():
            yield db

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Begin a transaction that only reads; the database itself refuses a write."""
        self.require_environment()
        with self._translated(), Session(self._reading, expire_on_commit=False, autoflush=False) as db, db.begin():
            yield db

    @contextmanager
    def reading_rows(self) -> Iterator[Connection]:
        """Begin a transaction as `reading` does, for plain rows: objects of tables would cost a run twice as much time."""
        self.require_environment()
        with self._translated(), self._reading.connect() as connection:
            yield connection

    def rows(self, statement: RowStatement, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a statement that is compiled once, in a transaction of its own: a run has no time for more."""
        self.require_environment()
        with self._translated():
            return statement.rows(self.engine, values)

    def require_environment(self) -> None:
        """Raise WrongEnvironment if the database was not made for this process's environment. It is checked once."""
        if self._recognised:
            return
        assert self._environment is not None
        with self._translated(), self._reading.connect() as connection:
            environment_mark.require(connection, self._environment)
        self._recognised = True

    def upgrade(self, *, own: bool = False) -> None:
        """Bring the tables to this release's schema. Harmless if they are up to date, safe if two processes do it.

        On PostgreSQL, indexes of large tables are built after that, while other processes read and write.

        `own`: it is in the data folder of a development run, and no setting names it (see `environment_mark`).
        Raises WrongEnvironment for a database of another environment, which is not changed.
        """
        schema = import_module(f"{__package__}.schema")  # with Alembic, which nothing but an upgrade needs
        with _translated(), self.engine.begin() as connection:
            schema.upgrade(connection, environment=self._environment, own=own)
        with _translated():
            build_large_indexes(self.engine)

    def version(self) -> str | None:
        """Return the schema version of the database; None for an empty one, or if there is no file yet."""
        if self._file and not self._file.path.exists():
            return None
        with self._translated(), self._reading.connect() as connection:
            return schema_version.version(connection)

    def is_current(self) -> bool:
        """Say whether the database has exactly the schema of this release."""
        return self.version() == schema_version.HEAD

    @contextmanager
    def _translated(self) -> Iterator[None]:
        if self._is_away():
            raise DatabaseUnavailable("the database did not answer just now, and is asked again every second")
        try:
            if self._file:
                self._file.require()
            with _translated():
                yield
        except DatabaseUnavailable as error:
            if self._watch:
                self._watch.database_lost(error)
            raise

    def _is_away(self) -> bool:
        return self._watch is not None and self._watch.database_is_away()

    def dispose(self) -> None:
        """Close the pool's connections. The object stays usable, and opens new ones when needed."""
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    """Translate the driver's exceptions into ours. Bugs (bad SQL, a write while reading) are not translated."""
    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"the database refused it: {_first_line(error)}") from error
    except PoolTimeout as error:
        raise DatabaseUnavailable("all connections to the database are in use") from error
    except (OperationalError, InterfaceError) as error:
        if getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_BUSY) & 0xFF in _SQLITE_BUGS:
            raise
        if not isinstance(error.orig, sqlite3.Error) and isinstance(error.orig, _postgres_connection().SILENT):
            raise _postgres_connection().silent(error.orig) from error
        raise DatabaseUnavailable(f"the database does not answer: {_first_line(error)}") from error
    except DatabaseError as error:
        if getattr(error.orig, "sqlite_errorcode", None) not in _SQLITE_RUINED:
            raise
        raise DatabaseUnavailable(f"the database cannot be read: {_first_line(error)}") from error


def _postgres_connection() -> ModuleType:
    return import_module(f"{__package__}.postgres_connection")  # with psycopg, which a process on SQLite does not need


def _first_line(error: DBAPIError) -> str:
    return str(error.orig).partition("\n")[0]


def checked_url(text: str) -> URL:
    """Return the address of a database as SQLAlchemy reads it. Raises RuleViolation for any other text."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise RuleViolation(
            "DATABASE_URL", "must be the address of a database, such as sqlite:////data/records.db"
        ) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername not in _DRIVERS:
        raise RuleViolation("DATABASE_URL", f"must start with one of {', '.join(_DRIVERS)}, not with {url.drivername}")
    if url.drivername == "sqlite" and url.database in (None, "", ":memory:"):
        raise RuleViolation("DATABASE_URL", "must name a file: other processes cannot see a database in memory")
    return url


def _engine(url: URL, pool_size: int, wait_s: float) -> Engine:
    """Make the engine. Options that mean the same for both databases are the same."""
    options: dict[str, Any] = {
        "pool_size": pool_size,
        "max_overflow": 0,
        "pool_use_lifo": True,  # the one that was used last has pages and statements in its memory
        "pool_timeout": wait_s,
        "hide_parameters": True,  # an error's text must not contain what people entered
        "json_serializer": json.JSONEncoder(
            allow_nan=False, ensure_ascii=False
        ).encode,  # `json.dumps` makes one each time
    }
    if url.drivername == "sqlite":
        engine = create_engine(url, connect_args={"timeout": wait_s}, **options)
        event.listen(engine, "connect", partial(prepare_sqlite, wait_s=wait_s))
        event.listen(engine, "begin", begin_sqlite)
        return engine
    defaults = {"connect_timeout": "5", "fallback_application_name": "session-status", **_KEEPALIVE}
    engine = create_engine(url.update_query_dict(defaults | dict(url.query)), pool_pre_ping=True, **options)
    event.listen(engine, "connect", partial(_prepare_postgresql, wait_s=wait_s))
    return engine


def _prepare_postgresql(connection: Any, record: object, *, wait_s: float) -> None:  # noqa: ARG001 - the event's signature
    """Limit the wait for a lock, as for SQLite. Set by a statement and not as a connection option, because of PgBouncer.

    Times come back in UTC, whatever zone the server has: in another one, a time at the end of the calendar, which a device may
    send, could be stored and never be read again.
    """
    connection.execute(f"SET lock_timeout = {int(wait_s * 1000)}")
    connection.execute("SET timezone = 'UTC'")
    connection.commit()


def _forget_connections_after_fork(database: Database) -> None:
    """Give a forked child a new pool.

    The parent's connections are not closed, on purpose: closing an inherited one would end the parent's session on
    PostgreSQL, and drop the parent's locks on SQLite.
    """
    inherited: list[Pool] = []
    reference = weakref.ref(database)

    def forget() -> None:
        present = reference()
        if present is not None:
            inherited.append(present.engine.pool)
            present.engine.dispose(close=False)

    os.register_at_fork(after_in_child=forget)
