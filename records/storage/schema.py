"""Upgrades of the schema by Alembic, with the migrations in this package.

An upgrade runs in one transaction of the caller, under a lock, so that it happens completely or not at all, and only once if
two processes start together.
"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, text

from records.errors import SchemaUnknown, WrongEnvironment

from . import environment_mark
from .schema_version import HEAD, MIGRATIONS, version

#: An arbitrary number for the advisory lock, which nothing else in the PostgreSQL database should use.
_UPGRADE_LOCK = 7_269_001


def upgrade(connection: Connection, *, environment: str | None, own: bool = False) -> None:
    """Apply the missing migrations, for a process that runs in `environment` (None: that of the database).

    Raises SchemaUnknown if the database is ahead of this release, and WrongEnvironment, before anything is changed, if it
    was made for the other environment. `own` is as in `environment_mark`.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
    made_for = _made_for(connection, environment, own=own)
    if environment is not None and made_for != environment:
        raise WrongEnvironment(made_for, environment)
    try:
        command.upgrade(_config(connection, environment=made_for), "head")
        environment_mark.restore(connection, made_for)
    except CommandError as error:
        raise SchemaUnknown(
            f"the database is at revision {version(connection)}, which this release does not know (its newest is {HEAD}): "
            "install the newer release, or restore the backup from before its upgrade"
        ) from error


def downgrade(connection: Connection, revision: str) -> None:
    """Undo migrations down to `revision` ("base" for an empty database)."""
    command.downgrade(_config(connection), revision)


def _made_for(connection: Connection, environment: str | None, *, own: bool) -> str:
    """Return the environment of the database, marked or not; a new one gets that of the process."""
    if version(connection) is None:
        return environment or environment_mark.PRODUCTION
    return environment_mark.read(connection) or environment_mark.implied_environment(connection, own=own)


def _config(connection: Connection, **attributes: str) -> Config:
    config = Config(attributes={"connection": connection, **attributes})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config
