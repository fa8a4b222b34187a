"""The schema and its version: upgrades by Alembic with the migrations that are shipped inside this package.

An upgrade runs in one transaction of its caller's, under a lock, so that it happens wholly or not at all and two
processes which start at once do not do it twice.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from .errors import SchemaUnknown

#: The schema version of this release: the last of `migrations/versions`. A test holds it true.
HEAD = "0002"
MIGRATIONS = Path(__file__).parent / "migrations"
#: Any number that nobody else in the same PostgreSQL database uses for an advisory lock.
_UPGRADE_LOCK = 7_269_001


def upgrade(connection: Connection) -> None:
    """Apply the missing migrations. Raises SchemaUnknown when the database is ahead of this release."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
    try:
        command.upgrade(_config(connection), "head")
    except CommandError as error:
        raise SchemaUnknown(
            f"the database carries schema {version(connection)}, which this release (schema {HEAD}) does not know: "
            "run the newer release, or downgrade the database with it first"
        ) from error


def downgrade(connection: Connection, revision: str) -> None:
    """Undo migrations down to `revision` ("base" for an empty database)."""
    command.downgrade(_config(connection), revision)


def version(connection: Connection) -> str | None:
    """Return the version the database carries; None when it has no tables of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
