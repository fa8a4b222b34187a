"""Which schema the database has, and which one this release needs. It loads no Alembic: only an upgrade needs that."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Column, Connection, MetaData, String, Table, inspect, select

MIGRATIONS = Path(__file__).parents[1] / "migrations"
#: The schema versions that this release can bring up to date, and its own.
KNOWN = frozenset(path.stem.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))
#: The schema version of this release: the last of them.
HEAD = max(KNOWN)
#: Where Alembic keeps the version of the schema.
_KEPT = Table("alembic_version", MetaData(), Column("version_num", String))


def version(connection: Connection) -> str | None:
    """Return the schema version of the database; None if it does not have our tables."""
    if not inspect(connection).has_table(_KEPT.name):
        return None
    found: str | None = connection.scalar(select(_KEPT.c.version_num))
    return found
