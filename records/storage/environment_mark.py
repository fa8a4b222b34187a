"""The environment mark of a database: development or production, written when its tables are made.

Development stand-ins let anybody log in as anybody, so no process may work on a database of the other environment, whatever
its settings say. `Database` checks the mark before its first transaction. What a database without a mark counts as is decided
here, once, when migration 0003 gives it one:

1. One without our tables: the environment of the process that makes the tables.
2. One of an earlier release: production, because that is the safe assumption.
3. But in the data folder of a development run, where no setting names it: development, if it contains the demo or nothing.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Connection, String, insert, inspect, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from records.columns import Base, RowId, utc_now
from records.errors import RuleViolation, WrongEnvironment

DEVELOPMENT, PRODUCTION = "development", "production"
ENVIRONMENTS = (DEVELOPMENT, PRODUCTION)
#: The slug under which `session-status up` makes its demo.
DEMO = "demo"


class EnvironmentMark(Base):
    """The one row that says what this database was made for."""

    __tablename__ = "environment_mark"
    __table_args__ = (
        CheckConstraint("id = 1", name="one"),
        CheckConstraint("environment IN ('development', 'production')", name="environment"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    environment: Mapped[str] = mapped_column(String(16))
    marked_at: Mapped[datetime] = mapped_column(default=utc_now)

    def __repr__(self) -> str:
        return f"<EnvironmentMark {self.environment}>"


def read(connection: Connection) -> str | None:
    """Return the environment that a database was made for; None for one without a mark."""
    if not inspect(connection).has_table(EnvironmentMark.__tablename__):
        return None
    return connection.scalar(select(EnvironmentMark.environment))


def require(connection: Connection, environment: str) -> None:
    """Raise WrongEnvironment unless the database was made for this environment."""
    found = read(connection)
    if found != environment:
        raise WrongEnvironment(found, environment)


def restore(connection: Connection, environment: str) -> None:
    """Write the mark of a database that has lost it, with what it counts as by `implied_environment`."""
    if read(connection) is None:
        connection.execute(insert(EnvironmentMark).values(id=1, environment=environment, marked_at=utc_now()))


def implied_environment(connection: Connection, *, own: bool) -> str:
    """Return what a database of an earlier release counts as. `own`: see rule 3 of the module."""
    if not own or not inspect(connection).has_table("implementations"):
        return PRODUCTION
    if connection.scalar(text("SELECT count(*) FROM implementations")) == 0:
        return DEVELOPMENT
    demo = text(
        "SELECT count(*) FROM connections c JOIN implementations i ON i.id = c.implementation_id"
        " WHERE i.slug = :demo AND c.development"
    )
    return DEVELOPMENT if connection.scalar(demo, {"demo": DEMO}) else PRODUCTION


def change(db: Session, environment: str) -> str:
    """Mark the database for an environment; return the earlier one. The caller writes the audit entry."""
    if environment not in ENVIRONMENTS:
        raise RuleViolation("environment", f"must be {' or '.join(ENVIRONMENTS)}")
    mark = db.scalars(select(EnvironmentMark).with_for_update()).one()
    before = mark.environment
    mark.environment, mark.marked_at = environment, utc_now()
    db.flush()
    return before
