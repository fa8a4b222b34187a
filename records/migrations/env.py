"""What Alembic runs for each command: it hands Alembic a connection and the tables as the code knows them.

The product gives its own connection (`records.storage.schema`). A developer who writes a migration names a scratch database:
`alembic -x url=sqlite:///scratch.db revision --autogenerate -m "What changes"`.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine

from records import Base


def _migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,  # SQLite changes a table by copying it
    )
    with context.begin_transaction():
        context.run_migrations()


if (given := context.config.attributes.get("connection")) is not None:
    _migrate(given)
else:
    with create_engine(context.get_x_argument(as_dictionary=True)["url"]).begin() as scratch:
        _migrate(scratch)
