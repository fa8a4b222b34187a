"""Indexes of tables with very many rows: on PostgreSQL they are built while people write.

PostgreSQL builds an index either in a transaction, and lets nobody write to the table until it is done, or outside of one. A
schema's upgrade is one transaction; so these indexes are built after it, and at every upgrade that finds one missing or
half done. SQLite, which has one writer at a time, builds them in its migration.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, Engine, text

#: Name of each index -> table and columns, as the tables in the code say.
LARGE_INDEXES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "ix_runs_watched": 'runs (implementation_id, version, started_at, "user", outcome, because)',
        "ix_runs_of_user": 'runs (implementation_id, "user", started_at)',
        "ix_runs_failed": "runs (implementation_id, started_at, id, outcome) WHERE outcome <> 'returned'",
    }
)
#: Indexes of earlier releases that those replace: they are dropped when all of those are built.
REPLACED_INDEXES: Final = ("ix_runs_implementation_id_user_session_started_at",)
#: An arbitrary number, as in `schema`. Only one process builds.
_BUILD_LOCK: Final = 7_269_002
#: Seconds between two looks whether another process is done.
_PAUSE_S: Final = 0.5
_IS_VALID = text(
    "SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " WHERE c.relname = :name AND pg_table_is_visible(c.oid)"
)


def build_large_indexes(engine: Engine) -> None:
    """Build what is missing, then drop what it replaces. It takes as long as the table is large, and nobody has to wait for it."""
    if engine.dialect.name != "postgresql":
        return
    with _alone(engine) as connection:
        for name, columns in LARGE_INDEXES.items():
            valid = connection.scalar(_IS_VALID, {"name": name})
            if valid:
                continue
            if valid is not None:  # left by a build that was interrupted
                connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY {name}")
            connection.exec_driver_sql(f"CREATE INDEX CONCURRENTLY {name} ON {columns}")
        for name in REPLACED_INDEXES:
            connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """Give a connection without transactions, while no other process builds.

    A process that waited for the lock in the server would be waited for by the build: so the lock is tried, again and again.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        try:
            connection.exec_driver_sql("SET lock_timeout = 0")  # a build waits for the transactions that are under way
            while not connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": _BUILD_LOCK}):
                time.sleep(_PAUSE_S)
            yield connection
        finally:
            connection.invalidate()  # with its lock and its setting
