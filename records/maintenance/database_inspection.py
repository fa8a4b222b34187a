"""Inspects a database without changing it: whether it exists, what it was made for, and which implementations it has.

`session-status up` must know this before it writes or starts anything. A `Database` would already change something: opening
an SQLite file creates it and switches it to WAL.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, NullPool, create_engine, inspect, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DatabaseError

from records.errors import DatabaseUnavailable
from records.storage import environment_mark, schema_version
from records.storage.database import checked_url
from records.tenants.implementations import Implementation

#: Seconds to wait for the database.
WAIT_S = 5


@dataclass(frozen=True)
class DatabaseInspection:
    """What was found. `mark` is None for a database of an earlier release, and `version` for one without tables."""

    exists: bool
    version: str | None = None
    mark: str | None = None
    counts_as: str | None = None  #: the mark, or what a database without one counts as; None without tables
    implementations: tuple[str, ...] = ()  #: slugs


def look(url: str, *, own: bool = False) -> DatabaseInspection:
    """Inspect a database. `own` is as in `environment_mark`. Raises DatabaseUnavailable if it does not answer."""
    address = checked_url(url)
    if address.drivername == "sqlite":
        if not Path(address.database or "").exists():
            return DatabaseInspection(exists=False)
        path = Path(address.database or "").absolute()
        engine = create_engine(f"sqlite:///{path.as_uri()}?mode=ro&uri=true", poolclass=NullPool)
    else:
        url_to_use = _with_time_limit(address)
        engine = create_engine(url_to_use, poolclass=NullPool, execution_options={"postgresql_readonly": True})
    try:
        with engine.connect() as connection:
            return _found(connection, own=own)
    except DatabaseError as error:
        first = str(error.orig).partition("\n")[0]
        raise DatabaseUnavailable(f"it cannot be read: {first}") from error
    finally:
        engine.dispose()


def _with_time_limit(address: URL) -> URL:
    return address.update_query_dict({"connect_timeout": str(WAIT_S)} | dict(address.query))


def _found(connection: Connection, *, own: bool) -> DatabaseInspection:
    version = schema_version.version(connection)
    if version is None:
        return DatabaseInspection(exists=True)
    mark = environment_mark.read(connection)
    known = inspect(connection).has_table(Implementation.__tablename__)
    slugs = tuple(connection.scalars(select(Implementation.slug).order_by(Implementation.slug))) if known else ()
    counts_as = mark or environment_mark.implied_environment(connection, own=own)
    return DatabaseInspection(exists=True, version=version, mark=mark, counts_as=counts_as, implementations=slugs)
