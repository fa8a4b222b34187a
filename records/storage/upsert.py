"""Inserts rows that may exist already, the statements that SQLite and PostgreSQL do not spell alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from records.columns import Base


def insert_missing(db: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows with one statement; a row that violates a unique constraint is skipped without an error."""
    if rows:
        db.execute(_insert(db, table).on_conflict_do_nothing(), list(rows))


def insert_or_replace(db: Session, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert whole rows; one with the same primary key takes the new values."""
    if not rows:
        return
    statement, keys = _insert(db, table), inspect(table).primary_key
    values = {name: statement.excluded[name] for name in rows[0] if name not in {key.name for key in keys}}
    db.execute(statement.on_conflict_do_update(index_elements=keys, set_=values), list(rows))


def _insert(db: Session, table: type[Base]) -> Any:
    return (postgresql.insert if db.get_bind().dialect.name == "postgresql" else sqlite.insert)(table)
