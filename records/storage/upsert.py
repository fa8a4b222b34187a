"""Inserting what may be there already: the one statement for which SQLite and PostgreSQL have no common spelling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from records.columns import Base


def insert_missing(db: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows in one go; a row that breaks a unique constraint is left out without an error."""
    if not rows:
        return
    insert = postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert
    db.execute(insert(table).on_conflict_do_nothing(), list(rows))
